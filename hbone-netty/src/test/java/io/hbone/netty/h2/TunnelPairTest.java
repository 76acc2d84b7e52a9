package io.hbone.netty.h2;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.Baggage;
import io.hbone.core.HboneSettings;
import io.hbone.core.TunnelException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Our client against our server, without a network, in made-up traffic: slow and fast readers, sockets that take nothing for a
 * while, wires that cut anywhere, resets. In the end everything that was written has arrived, nobody waits for anything, and
 * nothing is left in memory.
 */
class TunnelPairTest {

    private static final int STEPS = 400;

    @Test
    void anyTraffic_everythingArrivesAndNothingStalls() {
        for (long seed = 0; seed < 100; seed++) {
            Run run = new Run(seed);
            try {
                run.traffic();
                run.settle();
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
    }

    /** One end of one stream, and what its application does. */
    private static final class End implements StreamListener {
        final ByteArrayOutputStream sent = new ByteArrayOutputStream();
        final ByteArrayOutputStream received = new ByteArrayOutputStream();

        @Nullable TunnelStream stream;

        int untaken;
        boolean mayWrite = true;
        boolean ended;
        boolean peerEnded;
        boolean broken;

        @Override
        public void onResponse(Http2Headers headers) {}

        @Override
        public void onData(ByteBuf data) {
            assertThat(peerEnded || broken).as("data after the end").isFalse();
            untaken += data.readableBytes();
            received.writeBytes(ByteBufUtil.getBytes(data));
            data.release();
        }

        @Override
        public void onReadComplete() {}

        @Override
        public void onEnd() {
            assertThat(peerEnded || broken).isFalse();
            peerEnded = true;
        }

        @Override
        public void onWritable() {
            assertThat(mayWrite).as("told without having asked").isFalse();
            mayWrite = true;
        }

        @Override
        public void onReset(boolean orderly, TunnelException why) {
            assertThat(broken).isFalse();
            broken = true;
        }

        @Override
        public void onFailure(TunnelException why) {
            assertThat(broken).isFalse();
            broken = true;
        }

        void take(int bytes) {
            untaken -= bytes;
            stream.taken(bytes);
        }
    }

    private static final class Run {
        private final SplittableRandom random;
        private final UnpooledByteBufAllocator buffers = new UnpooledByteBufAllocator(true);
        private final WindowBudget budget;
        private final Map<Integer, End> served = new HashMap<>();
        private final List<End> clients = new ArrayList<>();
        private final Tunnel client;
        private final EmbeddedChannel clientChannel;
        private final EmbeddedChannel serverChannel;
        private final ByteBuf toServer = Unpooled.buffer();
        private final ByteBuf toClient = Unpooled.buffer();

        Run(long seed) {
            random = new SplittableRandom(seed);
            HboneSettings clientSettings = settings();
            HboneSettings serverSettings = settings();
            budget = new WindowBudget(random.nextInt(4) * 100_000L);
            client = Tunnel.client(clientSettings, budget, (stream, request) -> {
                throw new AssertionError();
            });
            Tunnel server = Tunnel.server(serverSettings, budget, (stream, request) -> {
                End end = new End();
                end.stream = stream;
                served.put(stream.id(), end);
                stream.setListener(end);
                stream.respond(ConnectHeaders.ok(Baggage.EMPTY), false);
            });
            serverChannel = channel(server);
            clientChannel = channel(client);
        }

        private HboneSettings settings() {
            int initial = 16_384 << random.nextInt(3);
            int max = initial << random.nextInt(3);
            return HboneSettings.builder()
                    .initialStreamWindow(initial)
                    .maxStreamWindow(max)
                    .connectionWindow(Math.max(65_536, 2 * max))
                    .maxFrameSize(16_384 + random.nextInt(50_000))
                    .maxConcurrentStreams(1 + random.nextInt(8))
                    .maxStreamsPerTunnel(1 + random.nextInt(8))
                    .build();
        }

        private EmbeddedChannel channel(Tunnel tunnel) {
            EmbeddedChannel channel = new EmbeddedChannel();
            channel.freezeTime();
            channel.config().setAllocator(buffers);
            channel.pipeline().addLast(tunnel);
            return channel;
        }

        void traffic() {
            for (int step = 0; step < STEPS; step++) {
                End end = anyEnd();
                switch (random.nextInt(14)) {
                    case 0 -> open();
                    case 1, 2, 3, 4 -> write(end, 1 + random.nextInt(1 << (4 + random.nextInt(14))));
                    case 5, 6 -> take(end);
                    case 7 -> end(end, 20);
                    case 8 -> reset(end);
                    case 9 -> writable(clientChannel, random.nextBoolean());
                    case 10 -> writable(serverChannel, random.nextBoolean());
                    default -> carry(random.nextBoolean(), 1 + random.nextInt(100_000));
                }
                if (random.nextInt(8) == 0) {
                    clientChannel.advanceTimeBy(random.nextInt(2000), TimeUnit.MICROSECONDS);
                    serverChannel.advanceTimeBy(random.nextInt(2000), TimeUnit.MICROSECONDS);
                }
            }
        }

        private @Nullable End anyEnd() {
            if (clients.isEmpty()) {
                return null;
            }
            End client = clients.get(random.nextInt(clients.size()));
            return random.nextBoolean() ? client : served.get(client.stream.id());
        }

        private void open() {
            if (client.hasRoom()) {
                End end = new End();
                end.stream = client.open(TunnelFixture.request(), end);
                clients.add(end);
            }
        }

        private void write(@Nullable End end, int length) {
            if (end == null || end.ended || end.broken || !end.mayWrite) {
                return;
            }
            byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            end.sent.writeBytes(bytes);
            ByteBuf data = buffers.directBuffer(TunnelStream.HEADROOM + length)
                    .writeZero(TunnelStream.HEADROOM)
                    .writeBytes(bytes)
                    .skipBytes(TunnelStream.HEADROOM);
            end.mayWrite = random.nextBoolean() ? end.stream.write(data) : end.stream.writeWithHeadroom(data);
            end.stream.flush();
        }

        private void take(@Nullable End end) {
            if (end != null && end.untaken > 0) {
                end.take(random.nextInt(3) == 0 ? end.untaken : 1 + random.nextInt(end.untaken));
            }
        }

        private void end(@Nullable End end, int oneIn) {
            if (end != null && !end.ended && !end.broken && random.nextInt(oneIn) == 0) {
                end.ended = true;
                end.stream.end();
            }
        }

        private void reset(@Nullable End end) {
            if (end != null && !end.broken && random.nextInt(15) == 0) {
                end.broken = true;
                end.stream.reset(Http2Error.CANCEL);
            }
        }

        private static void writable(EmbeddedChannel channel, boolean writable) {
            channel.unsafe().outboundBuffer().setUserDefinedWritability(1, writable);
            channel.runPendingTasks();
        }

        /** Brings up to {@code bytes} to the server, or to the client. */
        private boolean carry(boolean up, int bytes) {
            EmbeddedChannel from = up ? clientChannel : serverChannel;
            EmbeddedChannel to = up ? serverChannel : clientChannel;
            ByteBuf wire = up ? toServer : toClient;
            from.runPendingTasks();
            for (ByteBuf out = from.readOutbound(); out != null; out = from.readOutbound()) {
                wire.writeBytes(out);
                out.release();
            }
            int length = Math.min(bytes, wire.readableBytes());
            if (length == 0) {
                return false;
            }
            to.writeInbound(buffers.directBuffer(length).writeBytes(wire, length));
            wire.discardReadBytes();
            return true;
        }

        /** Lets everybody finish. */
        void settle() {
            writable(clientChannel, true);
            writable(serverChannel, true);
            boolean moved;
            do {
                moved = carry(true, Integer.MAX_VALUE) | carry(false, Integer.MAX_VALUE);
                for (End end : everyEnd()) {
                    if (end.untaken > 0) {
                        end.take(end.untaken);
                        moved = true;
                    }
                    if (!end.ended && !end.broken) {
                        end.ended = true;
                        end.stream.end();
                        moved = true;
                    }
                }
            } while (moved);
            for (End one : clients) {
                End other = served.get(one.stream.id());
                if (other == null || one.broken || other.broken) {
                    continue; // refused, or reset by either end
                }
                assertThat(other.received.toByteArray()).as("to the server").isEqualTo(one.sent.toByteArray());
                assertThat(one.received.toByteArray()).as("to the client").isEqualTo(other.sent.toByteArray());
                assertThat(one.peerEnded && other.peerEnded).isTrue();
            }
            assertThat(client.activeStreams()).isZero();
            assertThat(everyEnd()).allMatch(end -> end.stream.isClosed());
            assertThat(budget.used()).isZero();
            clientChannel.finishAndReleaseAll();
            serverChannel.finishAndReleaseAll();
            assertThat(buffers.metric().usedDirectMemory()).isZero();
            assertThat(buffers.metric().usedHeapMemory()).isZero();
        }

        private List<End> everyEnd() {
            List<End> all = new ArrayList<>(clients);
            all.addAll(served.values());
            return all;
        }
    }
}
