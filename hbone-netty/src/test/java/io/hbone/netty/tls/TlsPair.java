package io.hbone.netty.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Two handlers wired to each other without a network: bytes move when {@link #run} says so, and everything happens on the calling
 * thread. Closing one end closes the other, after its bytes. Time stands still unless a test moves it.
 */
final class TlsPair implements AutoCloseable {
    final End client;
    final End server;

    TlsPair(ChannelHandler client, ChannelHandler server) {
        // The server first, as in life.
        this.server = new End(server);
        this.client = new End(client);
    }

    /** Carries bytes until nobody has anything to say. */
    TlsPair run() {
        boolean moved;
        do {
            moved = move(client, server) | move(server, client);
        } while (moved);
        return this;
    }

    private static boolean move(End from, End to) {
        boolean moved = false;
        from.channel.runPendingTasks();
        for (ByteBuf bytes = from.channel.readOutbound(); bytes != null; bytes = from.channel.readOutbound()) {
            moved = true;
            if (to.channel.isOpen()) {
                to.channel.writeInbound(bytes);
            } else {
                bytes.release();
            }
        }
        if (!from.channel.isOpen() && to.channel.isOpen()) {
            to.channel.close();
            moved = true;
        }
        return moved;
    }

    @Override
    public void close() {
        client.channel.close();
        server.channel.close();
        run();
        client.finish();
        server.finish();
    }

    /** One side. */
    static final class End {
        final EmbeddedChannel channel;
        final List<Throwable> exceptions = new ArrayList<>();
        final StringBuilder received = new StringBuilder();
        private final MockTicker ticker = Ticker.newMockTicker();
        private final @Nullable SslHandler tls;

        End(ChannelHandler handler) {
            // Kept, because a closed channel has an empty pipeline.
            tls = handler instanceof SslHandler ssl ? ssl : null;
            ChannelHandler recorder = new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRead(ChannelHandlerContext ctx, Object message) {
                    received.append(((ByteBuf) message).toString(StandardCharsets.US_ASCII));
                    ReferenceCountUtil.release(message);
                }

                @Override
                public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                    exceptions.add(cause);
                }
            };
            // A slow machine is not a silent peer.
            channel = EmbeddedChannel.builder()
                    .handlers(handler, recorder)
                    .ticker(ticker)
                    .build();
        }

        /** Lets time pass, and happen what is due by then. */
        void pass(Duration time) {
            ticker.advance(time.toNanos(), TimeUnit.NANOSECONDS);
            channel.runScheduledPendingTasks();
        }

        SslHandler tls() {
            return Objects.requireNonNull(tls);
        }

        boolean isHandshaken() {
            return tls != null && tls.handshakeFuture().isSuccess();
        }

        void send(String text) {
            channel.writeOutbound(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII));
        }

        PeerIdentity peer() throws Exception {
            return PeerIdentity.of(tls().engine().getSession());
        }

        /** What ended it: the handshake's failure, else the first exception. */
        @Nullable Throwable failure() {
            Throwable cause = tls == null ? null : tls.handshakeFuture().cause();
            return cause != null || exceptions.isEmpty() ? cause : exceptions.get(0);
        }

        private void finish() {
            channel.finishAndReleaseAll();
        }
    }
}
