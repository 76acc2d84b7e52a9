package io.hbone.identity.jca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hbone.core.SpiffeId;
import io.hbone.core.WorkloadCertificate;
import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.testing.TestAuthority;
import io.hbone.identity.testing.UnixServer;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A Java program gets its identity from a Workload API by nothing but security properties. */
@Timeout(60)
class JcaRouteTest {
    private static final SpiffeId SHOP = SpiffeId.parse("spiffe://example.org/shop");
    private static final SpiffeId BUYER = SpiffeId.parse("spiffe://example.org/buyer");

    @TempDir
    private Path folder;

    private final TestAuthority authority = new TestAuthority("example.org", Instant.now());
    private final WorkloadCertificate shopsFirst = issue(SHOP);
    private final WorkloadCertificate buyers = issue(BUYER);
    private final FakeWorkloadApi shopsAgent = new FakeWorkloadApi(shopsFirst);
    private final List<AutoCloseable> open = new ArrayList<>();
    private UnixEndpoint atShop;
    private UnixEndpoint atBuyer;
    private String uri;

    @BeforeEach
    void start() throws Exception {
        atShop = new UnixEndpoint(folder.resolve("shop.sock"));
        atBuyer = new UnixEndpoint(folder.resolve("buyer.sock"));
        open.add(new UnixServer(atShop, shopsAgent));
        open.add(new UnixServer(atBuyer, new FakeWorkloadApi(buyers)));
        JcaProcess server = JcaProcess.start(folder, atShop, BUYER.toString(), "serve");
        open.add(0, server);
        uri = "https://127.0.0.1:" + server.lineWith("serves on").replaceAll("\\D", "") + "/";
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
    }

    private WorkloadCertificate issue(SpiffeId id) {
        Instant now = Instant.now();
        return authority.issue(id, now.minus(Duration.ofMinutes(1)), now.plus(Duration.ofHours(1)));
    }

    private static String seen(WorkloadCertificate certificate) {
        return certificate.id() + " #" + new BigInteger(certificate.serial(), 16);
    }

    private String get(UnixEndpoint agent, SpiffeId accepted) throws Exception {
        try (JcaProcess client = JcaProcess.start(folder, agent, accepted.toString(), "get", uri)) {
            return client.end();
        }
    }

    @Test
    void programWithTheProperties_knowsAndIsKnownByItsSvid() throws Exception {
        assertThat(get(atBuyer, SHOP))
                .startsWith("0: ")
                .endsWith("TLSv1.3, " + seen(shopsFirst) + " says: hello " + seen(buyers) + "\n");
    }

    @Test
    void rotatedSvid_isUsedByTheNextHandshakeOfTheSameServer() throws Exception {
        assertThat(get(atBuyer, SHOP)).contains(seen(shopsFirst));
        WorkloadCertificate next = issue(SHOP);
        shopsAgent.rotate(next);
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(get(atBuyer, SHOP)).contains(seen(next)));
    }

    @Test
    void serverOfAnotherId_isRefused() throws Exception {
        assertThat(get(atBuyer, BUYER)).startsWith("1: ").contains("SSLHandshakeException").doesNotContain("hello");
    }

    @Test
    void clientOfAnotherId_isRefused() throws Exception {
        assertThat(get(atShop, SHOP)).startsWith("1: ").contains("Exception").doesNotContain("hello");
    }
}
