package io.hbone.netty.h2;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.hbone.core.HboneSettings;
import io.hbone.netty.testing.StreamRecorder;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Any bytes into either end of a tunnel: no exception gets out, what is answered is HTTP/2, memory is bounded and given back, and
 * listeners are told in order.
 */
class TunnelFuzzTest {

    private static final HboneSettings SETTINGS = HboneSettings.builder()
            .maxConcurrentStreams(8)
            .maxControlFrames(100)
            .maxResets(100)
            .initialStreamWindow(16 * 1024)
            .maxStreamWindow(64 * 1024)
            .connectionWindow(128 * 1024)
            .maxFrameSize(16_384)
            .maxHeaderListSize(4096)
            .build();

    /** A header block in the making, a frame's header, and what was answered. */
    private static final long MAX_MEMORY = 256 * 1024;

    @FuzzTest(maxDuration = "2m")
    void server_anyBytes_staysInBounds(byte[] bytes) {
        try (TunnelFixture server = TunnelFixture.freshServer(SETTINGS)) {
            feed(server, bytes);
            for (int id = 1; id <= 63; id += 2) {
                if (server.events.opened(id)) {
                    assertOrder(server.events.of(id).events());
                }
            }
            end(server);
        }
    }

    @FuzzTest(maxDuration = "2m")
    void client_anyBytes_staysInBounds(byte[] bytes) {
        try (TunnelFixture client = TunnelFixture.freshClient(SETTINGS)) {
            List<StreamRecorder> recorders = List.of(new StreamRecorder(), new StreamRecorder(), new StreamRecorder());
            List<TunnelStream> streams = recorders.stream().map(client::open).toList();
            streams.forEach(stream -> stream.write(client.bytes(30_000 * (stream.id() - 1))));
            feed(client, bytes);
            recorders.forEach(recorder -> assertOrder(recorder.events()));
            end(client);
            for (StreamRecorder recorder : recorders) {
                assertThat(recorder.events()).hasSizeLessThanOrEqualTo(1);
            }
        }
    }

    private static void feed(TunnelFixture fixture, byte[] bytes) {
        SplittableRandom random = new SplittableRandom(Arrays.hashCode(bytes));
        for (int at = 0; at < bytes.length && fixture.isConnected(); ) {
            int length = Math.min(bytes.length - at, 1 + random.nextInt(64));
            fixture.peer.send(Arrays.copyOfRange(bytes, at, at + length)).ignoreAnswers();
            at += length;
            assertThat(fixture.peer.heldMemory()).isLessThan(MAX_MEMORY);
        }
    }

    private static void end(TunnelFixture fixture) {
        fixture.peer.pass(SETTINGS.pingInterval()).pass(SETTINGS.pingTimeout()).ignoreAnswers();
        assertThat(fixture.isConnected()).as("nobody answers PING").isFalse();
        assertThat(fixture.events.events())
                .filteredOn(event -> event.startsWith("closed"))
                .hasSize(1);
        assertThat(fixture.processBudget.used()).isZero();
    }

    private static void assertOrder(List<String> events) {
        for (int i = 0; i < events.size() - 1; i++) {
            String event = events.get(i);
            assertThat(event)
                    .as("not the last of " + events)
                    .doesNotStartWith("reset")
                    .doesNotStartWith("failure");
            if (event.equals("end")) {
                assertThat(events.subList(i + 1, events.size())).noneMatch(later -> later.startsWith("data"));
            }
        }
    }
}
