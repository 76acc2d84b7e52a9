package io.hbone.netty.testing;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * One end of a connection: sends so many made-up bytes as fast as the channel takes them, then ends its direction; digests what
 * it receives. Which bytes follows from the seed.
 */
public final class Pump extends ChannelInboundHandlerAdapter {

    private static final int MAX_CHUNK = 100_000;

    /** What was received, up to the end of the peer's direction. */
    public record Received(long bytes, String sha256) {}

    private final SplittableRandom random;
    private final MessageDigest digest = sha256();
    private final CompletableFuture<Received> received = new CompletableFuture<>();
    private long left;
    private long count;
    private long pauseNanos = -1;
    private boolean ended;

    public Pump(long seed, long bytes) {
        random = new SplittableRandom(seed);
        left = bytes;
    }

    /** Reads one buffer at a time, with a pause after each: the channel must not read by itself. */
    public Pump slow(long pause, TimeUnit unit) {
        pauseNanos = unit.toNanos(pause);
        return this;
    }

    /** Completes at the end of what the peer sends; fails when the connection broke before. */
    public CompletableFuture<Received> received() {
        return received;
    }

    /** What the other end of a pump receives. */
    public static Received expected(long seed, long bytes) {
        MessageDigest digest = sha256();
        SplittableRandom random = new SplittableRandom(seed);
        for (long left = bytes; left > 0; ) {
            byte[] chunk = chunk(random, left);
            digest.update(chunk);
            left -= chunk.length;
        }
        return new Received(bytes, HexFormat.of().formatHex(digest.digest()));
    }

    private static byte[] chunk(SplittableRandom random, long left) {
        byte[] chunk = new byte[(int) Math.min(left, 1 + random.nextInt(MAX_CHUNK))];
        random.nextBytes(chunk);
        return chunk;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        if (ctx.channel().isActive() && ctx.channel().isRegistered()) {
            begin(ctx);
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        begin(ctx);
    }

    private void begin(ChannelHandlerContext ctx) {
        if (pauseNanos >= 0) {
            ctx.read();
        }
        send(ctx);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        send(ctx);
    }

    private void send(ChannelHandlerContext ctx) {
        while (left > 0 && ctx.channel().isWritable()) {
            byte[] chunk = chunk(random, left);
            left -= chunk.length;
            ctx.write(ctx.alloc().directBuffer(chunk.length).writeBytes(chunk), ctx.voidPromise());
            ctx.flush();
        }
        if (left == 0 && !ended) {
            ended = true;
            ctx.writeAndFlush(Unpooled.EMPTY_BUFFER)
                    .addListener(written -> ((DuplexChannel) ctx.channel()).shutdownOutput());
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf data = (ByteBuf) message;
        count += data.readableBytes();
        digest.update(data.nioBuffer());
        data.release();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (pauseNanos == 0) {
            ctx.read();
        } else if (pauseNanos > 0) {
            ctx.executor().schedule(() -> ctx.read(), pauseNanos, TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) {
            received.complete(new Received(count, HexFormat.of().formatHex(digest.digest())));
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        received.completeExceptionally(new AssertionError("closed after " + count + " bytes, before the peer's end"));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        received.completeExceptionally(cause);
        ctx.close();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
