package io.hbone.enrollment.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.hbone.core.TrustDomain;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpireEntryApiTest {
    private static final EntryTemplate TEMPLATE =
            new EntryTemplate(TrustDomain.of("example.org"), "/ztunnel", "c1", Duration.ofMinutes(5));

    private final FakeSpireServer server = new FakeSpireServer();
    private final SpireEntryApi api = new SpireEntryApi(server.connect(), Duration.ofSeconds(20));

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void entriesOfManyPages_areAllListedAsTheyWereSent() {
        List<RegistrationEntry> sent = IntStream.range(0, 1203)
                .mapToObj(i -> TEMPLATE.of("ns" + i, "default"))
                .toList();
        assertThat(api.create(sent)).hasSize(1203).containsOnly(EntryApi.Result.OK);
        server.entries.calls.clear();

        assertThat(api.list(TEMPLATE::owns)).containsExactlyElementsOf(sent);
        assertThat(server.entries.calls).hasSize(3);
        assertThat(api.list(id -> id.equals(sent.get(7).id()))).containsExactly(sent.get(7));
    }

    @Test
    void results_areTheItemsOwn() {
        RegistrationEntry there = TEMPLATE.of("shop", "cart");
        RegistrationEntry fresh = TEMPLATE.of("shop", "pay");
        api.create(List.of(there));

        List<EntryApi.Result> created = api.create(List.of(there, fresh));
        List<EntryApi.Result> deleted = api.delete(List.of("unknown", fresh.id()));
        List<EntryApi.Result> updated = api.update(List.of(fresh, there));

        assertThat(created)
                .extracting(EntryApi.Result::code)
                .containsExactly(Status.Code.ALREADY_EXISTS, Status.Code.OK);
        assertThat(created.get(0).existing()).isEqualTo(there);
        assertThat(deleted).extracting(EntryApi.Result::code).containsExactly(Status.Code.NOT_FOUND, Status.Code.OK);
        assertThat(updated).extracting(EntryApi.Result::code).containsExactly(Status.Code.NOT_FOUND, Status.Code.OK);
    }

    @ParameterizedTest
    @CsvSource({
        "PERMISSION_DENIED,admin_ids",
        "UNAUTHENTICATED,admin_ids",
        "UNAVAILABLE,look whether it runs",
        "DEADLINE_EXCEEDED,did not answer in time",
        "UNIMPLEMENTED,is no SPIRE server",
        "INTERNAL,says INTERNAL: because"
    })
    void callThatFails_saysWhatToLookAt(Status.Code code, String advice) {
        server.broken = code.toStatus().withDescription("because");

        assertThatThrownBy(() -> api.list(id -> true))
                .isInstanceOf(SpireException.class)
                .hasMessageContaining(advice);
    }

    @Test
    void socketThatIsNotThere_isAnUnavailableServer(@TempDir Path folder) {
        ManagedChannel channel = SpireSocket.connect(folder.resolve("api.sock"));
        try {
            assertThatThrownBy(() -> new SpireEntryApi(channel, Duration.ofSeconds(20)).list(id -> true))
                    .isInstanceOf(SpireException.class)
                    .hasMessageContaining("no connection to the SPIRE server");
        } finally {
            channel.shutdownNow();
        }
    }
}
