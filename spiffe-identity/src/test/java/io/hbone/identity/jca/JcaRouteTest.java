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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A Java program gets its identity from a Workload API by nothing but security properties. */
@Timeout(120)
class JcaRouteTest {
    private static final SpiffeId SHOP = SpiffeId.parse("spiffe://example.org/shop");
    private static final SpiffeId BUYER = SpiffeId.parse("spiffe://example.org/buyer");

    private static final TestAuthority AUTHORITY = new TestAuthority("example.org", Instant.now());
    private static final WorkloadCertificate BUYERS = issue(BUYER);
    private static final List<AutoCloseable> OPEN = new ArrayList<>();

    @TempDir
    private static Path folder;

    private static WorkloadCertificate shops = issue(SHOP);
    private static FakeWorkloadApi shopsAgent;
    private static UnixEndpoint atShop;
    private static UnixEndpoint atBuyer;
    private static String uri;

    @BeforeAll
    static void start() throws Exception {
        atShop = new UnixEndpoint(folder.resolve("shop.sock"));
        atBuyer = new UnixEndpoint(folder.resolve("buyer.sock"));
        shopsAgent = new FakeWorkloadApi(shops);
        OPEN.add(new UnixServer(atShop, shopsAgent));
        OPEN.add(new UnixServer(atBuyer, new FakeWorkloadApi(BUYERS)));
        JcaProcess server = JcaProcess.start(folder, atShop, BUYER.toString(), "serve");
        OPEN.add(0, server);
        uri = "https://127.0.0.1:" + server.lineWith("serves on").replaceAll("\\D", "") + "/";
    }

    @AfterAll
    static void close() throws Exception {
        for (AutoCloseable one : OPEN) {
            one.close();
        }
    }

    private static WorkloadCertificate issue(SpiffeId id) {
        Instant now = Instant.now();
        return AUTHORITY.issue(id, now.minus(Duration.ofMinutes(1)), now.plus(Duration.ofHours(1)));
    }

    private static String seen(WorkloadCertificate certificate) {
        return certificate.id() + " #" + new BigInteger(certificate.serial(), 16);
    }

    private static String get(UnixEndpoint agent, SpiffeId accepted) throws Exception {
        try (JcaProcess client = JcaProcess.start(folder, agent, accepted.toString(), "get", uri)) {
            return client.end();
        }
    }

    @Test
    void programWithTheProperties_knowsAndIsKnownByItsSvid_andUsesTheNextOneOnceItIsRotated() throws Exception {
        assertThat(get(atBuyer, SHOP))
                .startsWith("0: ")
                .endsWith("TLSv1.3, " + seen(shops) + " says: hello " + seen(BUYERS) + "\n");

        shops = issue(SHOP);
        shopsAgent.rotate(shops);

        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(get(atBuyer, SHOP)).contains(seen(shops)));
    }

    @Test
    void serverOfAnotherId_isRefused() throws Exception {
        assertThat(get(atBuyer, BUYER))
                .startsWith("1: ")
                .contains("SSLHandshakeException")
                .doesNotContain("hello");
    }

    @Test
    void clientOfAnotherId_isRefused() throws Exception {
        assertThat(get(atShop, SHOP)).startsWith("1: ").contains("Exception").doesNotContain("hello");
    }
}
