package io.hbone.identity.jca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hbone.identity.testing.Spire;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** As {@link JcaRouteTest}, with the Workload API of a real SPIRE agent. */
@Tag("peer")
@Timeout(120)
class JcaRoutePeerTest {
    /** What processes of this user are to the agent. */
    private static final String SELF = "spiffe://" + Spire.TRUST_DOMAIN + "/delegate";

    private static Spire spire;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() {
        assumeTrue(Spire.missing().isEmpty(), Spire.missing());
        spire = Spire.start();
    }

    @AfterAll
    static void stop() {
        if (spire != null) {
            spire.close();
        }
    }

    @Test
    void programWithTheProperties_knowsAndIsKnownByItsSvid_ofSpire() throws Exception {
        try (JcaProcess server = JcaProcess.start(folder, spire.workloadApi(), SELF, "serve")) {
            String uri = "https://127.0.0.1:" + server.lineWith("serves on").replaceAll("\\D", "") + "/";
            try (JcaProcess client = JcaProcess.start(folder, spire.workloadApi(), SELF, "get", uri)) {
                assertThat(client.end())
                        .startsWith("0: ")
                        .contains("TLSv1.3, " + SELF + " #")
                        .contains(" says: hello " + SELF + " #");
            }
            try (JcaProcess stranger = JcaProcess.start(folder, spire.workloadApi(), SELF + "/other", "get", uri)) {
                assertThat(stranger.end()).startsWith("1: ").doesNotContain("hello");
            }
        }
    }
}
