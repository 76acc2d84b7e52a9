package io.hbone.node.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hbone.enrollment.spire.proto.Entry;
import io.hbone.enrollment.spire.proto.EntryGrpc;
import io.hbone.enrollment.spire.proto.ListEntriesRequest;
import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.testing.Spire;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Both ways to a real SPIRE server. */
@Tag("peer")
class SpireConnectionPeerTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static Spire spire;

    @BeforeAll
    static void start() {
        assumeTrue(Spire.missing().isEmpty(), Spire::missing);
        spire = Spire.start();
    }

    @AfterAll
    static void stop() {
        if (spire != null) {
            spire.close();
        }
    }

    @Test
    void ownSvidOfAnAdmin_opensTheEntryApiOverTcp() throws IOException {
        try (SpireConnection connection =
                SpireConnection.byIdentity("localhost", spire.serverPort(), spire.workloadApi(), PATIENCE)) {
            assertThat(ids(connection)).contains("/delegate");
        }
    }

    @Test
    void serversSocket_opensTheEntryApi() {
        try (SpireConnection connection = SpireConnection.bySocket(spire.serverSocket())) {
            assertThat(ids(connection)).contains("/delegate");
        }
    }

    @Test
    void agentThatIsNotThere_isToldWithItsSocket(@TempDir Path folder) {
        UnixEndpoint nobody = new UnixEndpoint(folder.resolve("agent.sock"));

        assertThatThrownBy(() ->
                        SpireConnection.byIdentity("localhost", spire.serverPort(), nobody, Duration.ofSeconds(2)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(nobody.toString());
    }

    private static List<String> ids(SpireConnection connection) {
        return EntryGrpc.newBlockingStub(connection.channel())
                .withDeadlineAfter(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .listEntries(ListEntriesRequest.getDefaultInstance())
                .getEntriesList()
                .stream()
                .map(Entry::getSpiffeId)
                .map(id -> id.getPath())
                .toList();
    }
}
