package io.hbone.netty;

import static io.hbone.netty.ClientAndServer.LONG_ENOUGH;
import static io.hbone.netty.ClientAndServer.accepting;
import static io.hbone.netty.ClientAndServer.configured;
import static io.hbone.netty.ClientAndServer.halfClosing;
import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.Baggage;
import io.hbone.core.HboneSettings;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.testing.Pump;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.concurrent.Future;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Bytes in, the same bytes out: client and server over real TLS and real sockets, as {@code -Dhbone.transport} says. */
@Timeout(120)
class StreamsOverTlsTest {

    private static final long SECONDS = LONG_ENOUGH.toSeconds();
    private static final int MIB = 1 << 20;

    private static <T> T await(CompletableFuture<T> future) throws Exception {
        return future.get(SECONDS, TimeUnit.SECONDS);
    }

    private static Channel await(Future<Channel> future) throws Exception {
        return future.get(SECONDS, TimeUnit.SECONDS);
    }

    private static int number(IncomingStream stream) {
        return stream.request().authority().port();
    }

    /** Gathers all that comes; completes at the end of the peer's direction or of the channel. */
    private static class Gatherer extends ChannelInboundHandlerAdapter {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final CompletableFuture<String> end = new CompletableFuture<>();
        final CompletableFuture<Integer> first = new CompletableFuture<>();
        final CompletableFuture<Void> closed = new CompletableFuture<>();
        volatile Channel channel;

        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            channel = ctx.channel();
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
            ByteBuf data = (ByteBuf) message;
            int length = data.readableBytes();
            data.readBytes(bytes, length);
            data.release();
            first.complete(length);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event == ChannelInputShutdownEvent.INSTANCE) {
                end.complete("half-closed");
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            end.complete("closed");
            closed.complete(null);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            end.completeExceptionally(cause);
        }

        String gathered() {
            return bytes.toString(StandardCharsets.US_ASCII);
        }
    }

    private static ByteBuf text(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
    }

    // ---- given up -------------------------------------------------------------------------------------------------

    @Test
    void connect_cancelledBeforeTheAnswer_resetsTheStreamAtOnce() throws Exception {
        CompletableFuture<Void> asked = new CompletableFuture<>();
        CompletableFuture<Void> abandoned = new CompletableFuture<>();
        try (ClientAndServer pair = new ClientAndServer(stream -> {
            stream.onAbandoned(() -> abandoned.complete(null));
            asked.complete(null);
        })) {
            Future<Channel> connecting = pair.connect(1, new ChannelInboundHandlerAdapter());
            await(asked);
            assertThat(connecting.cancel(false)).isTrue();
            await(abandoned);
        }
    }

    // ---- many bytes -----------------------------------------------------------------------------------------------

    @Test
    void streams_64OfRandomSizes_arriveUnchangedBothWays() throws Exception {
        transferAll(HboneSettings.DEFAULT, 64, 2 * MIB);
    }

    @Test
    void streams_throughSmallWindowsAndFrames_arriveUnchangedBothWays() throws Exception {
        HboneSettings small = HboneSettings.builder()
                .initialStreamWindow(16 * 1024)
                .maxStreamWindow(32 * 1024)
                .connectionWindow(64 * 1024)
                .maxFrameSize(16_384)
                .build();
        transferAll(small, 24, MIB / 2);
    }

    private void transferAll(HboneSettings settings, int streams, int maxBytes) throws Exception {
        SplittableRandom random = new SplittableRandom(64);
        long[] up = new long[streams + 1];
        long[] down = new long[streams + 1];
        for (int i = 1; i <= streams; i++) {
            up[i] = i % 9 == 0 ? 0 : random.nextInt(maxBytes);
            down[i] = i % 7 == 0 ? 0 : random.nextInt(maxBytes);
        }
        Map<Integer, Pump> servers = new ConcurrentHashMap<>();
        try (ClientAndServer pair = new ClientAndServer(settings, accepting(stream -> {
            int i = number(stream);
            Pump pump = new Pump(-i, down[i]);
            servers.put(i, pump);
            return pump;
        }))) {
            List<Pump> clients = new ArrayList<>();
            for (int i = 1; i <= streams; i++) {
                Pump pump = new Pump(i, up[i]);
                clients.add(pump);
                pair.connect(i, halfClosing(pump));
            }
            for (int i = 1; i <= streams; i++) {
                assertThat(await(clients.get(i - 1).received()))
                        .as("to client " + i)
                        .isEqualTo(Pump.expected(-i, down[i]));
                assertThat(await(servers.get(i).received()))
                        .as("to server " + i)
                        .isEqualTo(Pump.expected(i, up[i]));
            }
        }
    }

    @Test
    void slowReaders_amongFastOnes_allArriveUnchanged() throws Exception {
        int streams = 8;
        Map<Integer, Pump> servers = new ConcurrentHashMap<>();
        try (ClientAndServer pair = new ClientAndServer(stream -> {
            int i = number(stream);
            Pump pump = new Pump(-i, MIB);
            servers.put(i, pump);
            boolean slow = i % 2 == 0;
            stream.accept(Baggage.EMPTY, configured(slow ? pump.slow(1, TimeUnit.MILLISECONDS) : pump, true, !slow));
        })) {
            List<Pump> clients = new ArrayList<>();
            for (int i = 1; i <= streams; i++) {
                boolean slow = i % 4 < 2;
                Pump pump = new Pump(i, MIB);
                clients.add(pump);
                pair.connect(i, configured(slow ? pump.slow(1, TimeUnit.MILLISECONDS) : pump, true, !slow));
            }
            for (int i = 1; i <= streams; i++) {
                assertThat(await(clients.get(i - 1).received())).isEqualTo(Pump.expected(-i, MIB));
                assertThat(await(servers.get(i).received())).isEqualTo(Pump.expected(i, MIB));
            }
        }
    }

    /** design.md: in a stock tunnel five stalled applications stop everyone (0.0 Gbit/s). */
    @Test
    void readersThatNeverRead_doNotStopTheirNeighbours() throws Exception {
        int stalled = 90;
        Map<Integer, Pump> servers = new ConcurrentHashMap<>();
        try (ClientAndServer pair = new ClientAndServer(stream -> {
            int i = number(stream);
            Pump pump = new Pump(-i, 0);
            servers.put(i, pump);
            stream.accept(Baggage.EMPTY, configured(pump, true, i > stalled));
        })) {
            for (int i = 1; i <= stalled; i++) {
                await(pair.connect(i, halfClosing(new Pump(i, 8L * MIB))));
            }
            await(pair.connect(stalled + 1, halfClosing(new Pump(5, 20L * MIB))));
            assertThat(await(servers.get(stalled + 1).received())).isEqualTo(Pump.expected(5, 20L * MIB));
            assertThat(servers.get(1).received()).isNotDone();
        }
    }

    // ---- ends -----------------------------------------------------------------------------------------------------

    @Test
    void halfClose_byTheClient_serverAnswersAfterwards() throws Exception {
        try (ClientAndServer pair = new ClientAndServer(accepting(stream -> new Gatherer() {
            @Override
            public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
                if (event == ChannelInputShutdownEvent.INSTANCE) {
                    ctx.writeAndFlush(text("you said " + gathered())).addListener(ChannelFutureListener.CLOSE);
                }
            }
        }))) {
            Gatherer gatherer = new Gatherer();
            DuplexChannel channel = (DuplexChannel) await(pair.connect(1, halfClosing(gatherer)));
            channel.writeAndFlush(text("hello"));
            channel.shutdownOutput();
            await(gatherer.end);
            assertThat(gatherer.gathered()).isEqualTo("you said hello");
            await(gatherer.closed);
        }
    }

    @Test
    void halfClose_byTheServer_clientGoesOn() throws Exception {
        Gatherer served = new Gatherer();
        try (ClientAndServer pair = new ClientAndServer(accepting(stream -> served))) {
            Gatherer gatherer = new Gatherer();
            Channel channel = await(pair.connect(1, halfClosing(gatherer)));
            served.channel
                    .writeAndFlush(text("220 ready"))
                    .addListener(w -> ((DuplexChannel) served.channel).shutdownOutput());
            assertThat(await(gatherer.end)).isEqualTo("half-closed");
            assertThat(gatherer.gathered()).isEqualTo("220 ready");
            assertThat(channel.isActive()).isTrue();
            assertThat(((DuplexChannel) channel).isInputShutdown()).isTrue();
            channel.writeAndFlush(text("QUIT")).addListener(w -> ((DuplexChannel) channel).shutdownOutput());
            await(served.end);
            assertThat(served.gathered()).isEqualTo("QUIT");
            await(gatherer.closed);
            await(served.closed);
        }
    }

    @Test
    void halfClosure_notAllowed_peersEndIsAClose() throws Exception {
        Gatherer served = new Gatherer();
        try (ClientAndServer pair = new ClientAndServer(accepting(stream -> served))) {
            Gatherer gatherer = new Gatherer();
            await(pair.connect(1, configured(gatherer, false, true)));
            served.channel
                    .writeAndFlush(text("all"))
                    .addListener(w -> ((DuplexChannel) served.channel).shutdownOutput());
            assertThat(await(gatherer.end)).isEqualTo("closed");
            assertThat(gatherer.gathered()).isEqualTo("all");
            assertThat(await(served.end)).as("and ends the other direction").isEqualTo("half-closed");
        }
    }

    /** What was flushed before must not be lost, however little the peer's window allows at the time. */
    @Test
    void shutdownOutput_rightAfterALargeFlush_comesAfterIt() throws Exception {
        Pump served = new Pump(0, 0);
        try (ClientAndServer pair = new ClientAndServer(accepting(stream -> served))) {
            Channel channel = await(pair.connect(1, halfClosing(new Gatherer())));
            channel.eventLoop().execute(() -> {
                for (int i = 0; i < 100; i++) {
                    channel.write(Unpooled.directBuffer().writeZero(100_000));
                }
                channel.flush();
                ((DuplexChannel) channel).shutdownOutput();
            });
            assertThat(await(served.received()).bytes()).isEqualTo(10_000_000);
        }
    }

    @Test
    void close_rightAfterALargeFlush_comesAfterIt() throws Exception {
        Pump served = new Pump(0, 0);
        try (ClientAndServer pair = new ClientAndServer(accepting(stream -> served))) {
            Channel channel = await(pair.connect(1, halfClosing(new Gatherer())));
            channel.eventLoop().execute(() -> {
                for (int i = 0; i < 100; i++) {
                    channel.write(Unpooled.directBuffer().writeZero(100_000));
                }
                channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
            });
            assertThat(await(served.received()).bytes()).isEqualTo(10_000_000);
        }
    }

    private static final class SendAndClose extends ChannelInboundHandlerAdapter {
        private final int bytes;

        SendAndClose(int bytes) {
            this.bytes = bytes;
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            ctx.writeAndFlush(Unpooled.directBuffer().writeZero(bytes)).addListener(ChannelFutureListener.CLOSE);
        }
    }

    /** A server that sends all and closes, a client that takes its time: nothing is lost to the reset that follows. */
    @Test
    void close_byTheServerWhileTheClientReadsSlowly_losesNothing() throws Exception {
        try (ClientAndServer pair = new ClientAndServer(accepting(stream -> new SendAndClose(3 * MIB)))) {
            Pump slow = new Pump(1, 0).slow(1, TimeUnit.MILLISECONDS);
            await(pair.connect(1, configured(slow, true, false)));
            assertThat(await(slow.received()).bytes()).isEqualTo(3 * MIB);
        }
    }

    @Test
    void close_byTheServerBeforeTheClientReads_losesNothing() throws Exception {
        try (ClientAndServer pair = new ClientAndServer(accepting(stream -> new SendAndClose(100_000)))) {
            Gatherer late = new Gatherer();
            Channel channel = await(pair.connect(1, configured(late, true, false)));
            awaitAnotherStream(pair, channel);
            channel.config().setAutoRead(true);
            await(late.end);
            assertThat(late.bytes.size()).isEqualTo(100_000);
        }
    }

    /** Whatever the server sent on {@code channel} before has come when a later stream of the same tunnel has ended. */
    private static void awaitAnotherStream(ClientAndServer pair, Channel channel) throws Exception {
        Gatherer other = new Gatherer();
        await(pair.client.connect(
                channel.eventLoop(),
                pair.server.localAddress(),
                Set.of(ClientAndServer.SERVER.id()),
                ClientAndServer.request(2),
                halfClosing(other)));
        await(other.end);
    }

    @Test
    void close_whileThePeerSends_endsThePeer() throws Exception {
        CompletableFuture<Void> done = new CompletableFuture<>();
        try (ClientAndServer pair = new ClientAndServer(accepting(stream -> new ChannelInboundHandlerAdapter() {
            private int seen;

            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                seen += ((ByteBuf) message).readableBytes();
                ((ByteBuf) message).release();
                if (seen > MIB) {
                    ctx.close();
                }
            }

            @Override
            public void channelInactive(ChannelHandlerContext ctx) {
                done.complete(null);
            }
        }))) {
            Gatherer gatherer = new Gatherer();
            Channel channel = await(pair.connect(1, halfClosing(gatherer)));
            channel.eventLoop().execute(() -> {
                for (int i = 0; i < 500 && channel.isActive(); i++) {
                    channel.write(Unpooled.directBuffer().writeZero(100_000));
                }
                channel.flush();
            });
            await(done);
            await(gatherer.closed);
        }
    }

    @Test
    void close_whileWriting_failsWhatWaitsAndLeaksNothing() throws Exception {
        try (ClientAndServer pair =
                new ClientAndServer(stream -> stream.accept(Baggage.EMPTY, configured(new Gatherer(), true, false)))) {
            Channel channel = await(pair.connect(1, halfClosing(new Gatherer())));
            CompletableFuture<Throwable> last = new CompletableFuture<>();
            channel.eventLoop().execute(() -> {
                for (int i = 0; i < 200; i++) {
                    channel.write(Unpooled.directBuffer().writeZero(100_000));
                }
                channel.writeAndFlush(text("never")).addListener(w -> last.complete(w.cause()));
                channel.close();
            });
            assertThat(await(last)).isNotNull();
        }
    }

    @Test
    void autoReadOff_nothingIsReadUntilAskedFor() throws Exception {
        try (ClientAndServer pair = new ClientAndServer(accepting(stream -> new Pump(1, 3L * MIB)))) {
            Gatherer gatherer = new Gatherer();
            Channel channel = await(pair.connect(1, configured(gatherer, true, false)));
            awaitAnotherStream(pair, channel);
            assertThat(gatherer.first).isNotDone();
            channel.read();
            assertThat(await(gatherer.first)).isPositive();
            channel.config().setAutoRead(true);
            assertThat(await(gatherer.end)).isEqualTo("half-closed");
            assertThat(gatherer.bytes.size()).isEqualTo(3 * MIB);
        }
    }

    @Test
    void end_withAutoReadOff_isToldOnlyAfterTheData() throws Exception {
        try (ClientAndServer pair = new ClientAndServer(accepting(stream -> new Pump(1, 1000)))) {
            Gatherer gatherer = new Gatherer();
            Channel channel = await(pair.connect(1, configured(gatherer, true, false)));
            awaitAnotherStream(pair, channel);
            assertThat(gatherer.end).isNotDone();
            channel.read();
            await(gatherer.first);
            channel.read();
            assertThat(await(gatherer.end)).isEqualTo("half-closed");
            assertThat(gatherer.bytes.size()).isEqualTo(1000);
        }
    }

    // ---- answers --------------------------------------------------------------------------------------------------

    @Test
    void reject_failsTheConnectWithItsStatus() throws Exception {
        try (ClientAndServer pair = new ClientAndServer(stream -> stream.reject(401))) {
            Future<Channel> connect = pair.connect(1, new Gatherer());
            connect.await(SECONDS, TimeUnit.SECONDS);
            assertThat(connect.cause()).isInstanceOfSatisfying(TunnelException.class, e -> {
                assertThat(e.error()).isEqualTo(TunnelError.CONNECT_REJECTED);
                assertThat(e.status()).isEqualTo(401);
            });
        }
    }

    @Test
    void answer_later_keepsWhatComesMeanwhile() throws Exception {
        Gatherer served = new Gatherer();
        try (ClientAndServer pair = new ClientAndServer(stream -> stream.eventLoop()
                .schedule(() -> stream.accept(Baggage.EMPTY, halfClosing(served)), 50, TimeUnit.MILLISECONDS))) {
            Channel channel = await(pair.connect(1, halfClosing(new Gatherer())));
            channel.writeAndFlush(text("hello")).addListener(ChannelFutureListener.CLOSE);
            assertThat(await(served.end)).isIn("half-closed", "closed");
            assertThat(served.gathered()).isEqualTo("hello");
        }
    }

    @Test
    void cancel_whileWaiting_tellsTheServer() throws Exception {
        CompletableFuture<Void> abandoned = new CompletableFuture<>();
        HboneSettings impatient =
                HboneSettings.builder().requestTimeout(Duration.ofMillis(200)).build();
        try (ClientAndServer pair =
                new ClientAndServer(impatient, stream -> stream.onAbandoned(() -> abandoned.complete(null)))) {
            Future<Channel> connect = pair.connect(1, new Gatherer());
            connect.await(SECONDS, TimeUnit.SECONDS);
            assertThat(connect.cause())
                    .isInstanceOfSatisfying(
                            TunnelException.class, e -> assertThat(e.error()).isEqualTo(TunnelError.REQUEST_TIMEOUT));
            await(abandoned);
        }
    }

    // ---- tunnels --------------------------------------------------------------------------------------------------

    /** design.md: affinity, and more than one core for one pair of pods. */
    @Test
    void streams_onTwoLoops_haveATunnelOnEach() throws Exception {
        Map<InetSocketAddress, Integer> tunnels = new ConcurrentHashMap<>();
        try (ClientAndServer pair = new ClientAndServer(stream -> {
            tunnels.merge(stream.peerAddress(), 1, Integer::sum);
            stream.accept(Baggage.EMPTY, new Gatherer());
        })) {
            for (int i = 1; i <= 10; i++) {
                Channel channel = await(pair.connect(i, new Gatherer()));
                assertThat(channel.eventLoop()).isSameAs(channel.parent().eventLoop());
            }
            assertThat(tunnels).hasSize(2);
            assertThat(tunnels.values()).containsExactly(5, 5);
        }
    }

    @Test
    void drain_ofTheServer_letsStreamsEndAndRefusesNone() throws Exception {
        Gatherer served = new Gatherer();
        try (ClientAndServer pair = new ClientAndServer(accepting(stream -> served))) {
            Gatherer gatherer = new Gatherer();
            Channel channel = await(pair.connect(1, halfClosing(gatherer)));
            Future<Void> drained = pair.server.drain(LONG_ENOUGH);
            channel.writeAndFlush(text("late")).addListener(w -> ((DuplexChannel) channel).shutdownOutput());
            await(served.end);
            assertThat(served.gathered()).isEqualTo("late");
            assertThat(drained.isDone()).isFalse();
            served.channel.close();
            assertThat(drained.await(SECONDS, TimeUnit.SECONDS)).isTrue();
            await(gatherer.closed);
        }
    }

    @Test
    void serverGone_failsOpenStreams() throws Exception {
        Gatherer gatherer = new Gatherer();
        ClientAndServer pair = new ClientAndServer(accepting(stream -> new Gatherer()));
        try (pair) {
            await(pair.connect(1, halfClosing(gatherer)));
            pair.server.close();
            await(gatherer.closed);
            assertThat(gatherer.end).isCompletedExceptionally();
        }
    }

    @Test
    void wrongServerIdentity_failsTheConnect() throws Exception {
        try (ClientAndServer pair = new ClientAndServer(accepting(stream -> new Gatherer()))) {
            Future<Channel> connect = pair.client.connect(
                    pair.server.localAddress(),
                    Set.of(ClientAndServer.CLIENT.id()),
                    ClientAndServer.request(1),
                    new Gatherer());
            connect.await(SECONDS, TimeUnit.SECONDS);
            assertThat(connect.cause())
                    .isInstanceOfSatisfying(
                            TunnelException.class,
                            e -> assertThat(e.error()).isEqualTo(TunnelError.PEER_IDENTITY_MISMATCH));
        }
    }
}
