package io.hbone.netty;

import io.hbone.core.TunnelException;
import io.hbone.netty.h2.StreamListener;
import io.hbone.netty.h2.TunnelStream;
import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.internal.StringUtil;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An established stream as a Netty channel, for somebody else's pipeline. Reads and writes {@link ByteBuf}s. A close ends the
 * stream after what was flushed; {@link #shutdownOutput} ends our direction alone; the peer's end is a {@link
 * ChannelInputShutdownEvent} where {@link ChannelOption#ALLOW_HALF_CLOSURE} is set, and else a close.
 *
 * <p><b>Reference counting:</b> as any channel's. What was received and not read when it closes is released.
 *
 * <p><b>Threading:</b> the tunnel's event loop.
 */
final class StreamChannel extends AbstractChannel implements DuplexChannel, StreamListener {

    private static final ChannelMetadata METADATA = new ChannelMetadata(false, 16);

    private final TunnelStream stream;
    private final StreamConfig config = new StreamConfig(this);
    private final ArrayDeque<ByteBuf> inbound = new ArrayDeque<>(4);
    private boolean readPending;
    private boolean peerEnded;
    private boolean inputShutdown;
    private boolean outputShutdown;
    private @Nullable ChannelPromise outputEnding;
    private boolean open = true;
    private boolean delivering;

    StreamChannel(TunnelStream stream) {
        super(stream.tunnel().channel());
        this.stream = stream;
    }

    // ---- what the tunnel says
    // --------------------------------------------------------------------------------------------

    @Override
    public void onResponse(Http2Headers headers) {}

    @Override
    public void onData(ByteBuf data) {
        if (open) {
            inbound.add(data);
        } else {
            data.release();
        }
    }

    @Override
    public void onReadComplete() {
        deliver();
    }

    @Override
    public void onEnd() {
        peerEnded = true;
        deliver();
    }

    @Override
    public void onWritable() {
        ((StreamUnsafe) unsafe()).resumeWrites();
    }

    @Override
    public void onReset(boolean orderly, TunnelException why) {
        if (!orderly) {
            onFailure(why);
            return;
        }
        // a mere end of both directions: what came before it is still for the reader
        peerEnded = true;
        outputShutdown = true;
        ((StreamUnsafe) unsafe()).resumeWrites(); // to fail them: a handler may read again only when it can write
        if (inbound.isEmpty()) {
            unsafe().close(voidPromise());
        } else {
            deliver();
        }
    }

    @Override
    public void onFailure(TunnelException why) {
        pipeline().fireExceptionCaught(why);
        unsafe().close(voidPromise());
    }

    /** Passes on what was received, if it is wanted. */
    private void deliver() {
        if (delivering || !readPending) {
            return;
        }
        if (inbound.isEmpty()) {
            deliverEnd();
            return;
        }
        delivering = true;
        try {
            readPending = false;
            for (ByteBuf data = inbound.poll(); data != null; data = inbound.poll()) {
                int bytes = data.readableBytes();
                pipeline().fireChannelRead(data);
                stream.taken(bytes);
                if (!config.isAutoRead() && !readPending) {
                    break;
                }
            }
        } finally {
            delivering = false;
        }
        pipeline().fireChannelReadComplete();
        if (inbound.isEmpty()) {
            deliverEnd();
        }
    }

    private void deliverEnd() {
        if (!peerEnded || inputShutdown || !open) {
            return;
        }
        inputShutdown = true;
        if (config.isAllowHalfClosure()) {
            pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
            pipeline().fireUserEventTriggered(ChannelInputShutdownReadComplete.INSTANCE);
            closeIfEnded();
        } else {
            unsafe().close(voidPromise());
        }
    }

    private void closeIfEnded() {
        if (inputShutdown && outputShutdown) {
            unsafe().close(voidPromise());
        }
    }

    // ---- what Netty asks
    // -------------------------------------------------------------------------------------------------

    @Override
    protected void doBeginRead() {
        readPending = true;
        if ((!inbound.isEmpty() || peerEnded) && !delivering) {
            eventLoop().execute(this::deliver);
        }
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer in) {
        for (Object message = in.current(); message != null; message = in.current()) {
            if (outputShutdown) {
                in.remove(new ClosedChannelException());
                continue;
            }
            if (!stream.isWritable()) {
                break;
            }
            ByteBuf data = (ByteBuf) message;
            int bytes = data.readableBytes();
            stream.write(data.retain());
            in.progress(bytes);
            in.remove();
        }
        stream.flush();
        if (outputEnding != null && in.isEmpty()) {
            endOutput(outputEnding);
        }
    }

    @Override
    protected Object filterOutboundMessage(Object message) {
        if (message instanceof ByteBuf) {
            return message;
        }
        throw new UnsupportedOperationException(
                "message: " + StringUtil.simpleClassName(message) + " (expected: ByteBuf)");
    }

    @Override
    protected void doClose() {
        open = false;
        if (outputEnding != null) {
            outputEnding.tryFailure(new ClosedChannelException());
            outputEnding = null;
        }
        stream.end();
        stream.abandon();
        for (ByteBuf data : inbound) {
            data.release();
        }
        inbound.clear();
    }

    /** Ends our direction: everything that was flushed is with the stream, which sends it first. */
    private void endOutput(ChannelPromise promise) {
        outputEnding = null;
        outputShutdown = true;
        stream.end();
        promise.trySuccess();
        closeIfEnded();
    }

    @Override
    public ChannelFuture shutdownOutput() {
        return shutdownOutput(newPromise());
    }

    @Override
    public ChannelFuture shutdownOutput(ChannelPromise promise) {
        runOnLoop(() -> {
            ChannelOutboundBuffer pending = unsafe().outboundBuffer();
            if (!open || pending == null) {
                promise.tryFailure(new ClosedChannelException());
            } else if (outputShutdown || pending.isEmpty()) {
                endOutput(promise);
            } else {
                outputEnding = promise; // the peer's window has no room for what was flushed before
            }
        });
        return promise;
    }

    @Override
    public ChannelFuture shutdownInput() {
        return shutdownInput(newPromise());
    }

    /** Only what is received from now on is dropped: HTTP/2 cannot end the peer's direction alone. */
    @Override
    public ChannelFuture shutdownInput(ChannelPromise promise) {
        runOnLoop(() -> {
            inputShutdown = true;
            promise.trySuccess();
            closeIfEnded();
        });
        return promise;
    }

    @Override
    public ChannelFuture shutdown() {
        return shutdown(newPromise());
    }

    @Override
    public ChannelFuture shutdown(ChannelPromise promise) {
        return close(promise);
    }

    private void runOnLoop(Runnable action) {
        if (eventLoop().inEventLoop()) {
            action.run();
        } else {
            eventLoop().execute(action);
        }
    }

    @Override
    public boolean isInputShutdown() {
        return inputShutdown || !open;
    }

    @Override
    public boolean isOutputShutdown() {
        return outputShutdown || !open;
    }

    @Override
    public boolean isShutdown() {
        return isInputShutdown() && isOutputShutdown();
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new StreamUnsafe();
    }

    private final class StreamUnsafe extends AbstractUnsafe {
        @Override
        public void connect(SocketAddress remote, SocketAddress local, ChannelPromise promise) {
            promise.setFailure(new UnsupportedOperationException("a stream is connected when it exists"));
        }

        void resumeWrites() {
            flush0();
        }
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return loop.equals(stream.eventLoop());
    }

    @Override
    protected void doBind(SocketAddress local) {
        throw new UnsupportedOperationException("a stream is connected when it exists");
    }

    @Override
    protected void doDisconnect() {
        doClose();
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        return stream.tunnel().channel().localAddress();
    }

    @Override
    protected @Nullable SocketAddress remoteAddress0() {
        return stream.tunnel().channel().remoteAddress();
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public boolean isActive() {
        return open;
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }

    /** The options of any channel, and {@link ChannelOption#ALLOW_HALF_CLOSURE}. */
    private static final class StreamConfig extends DefaultChannelConfig {

        private volatile boolean allowHalfClosure;

        StreamConfig(StreamChannel channel) {
            super(channel);
        }

        boolean isAllowHalfClosure() {
            return allowHalfClosure;
        }

        @Override
        public Map<ChannelOption<?>, Object> getOptions() {
            return getOptions(super.getOptions(), ChannelOption.ALLOW_HALF_CLOSURE);
        }

        @Override
        @SuppressWarnings("unchecked")
        public <T> T getOption(ChannelOption<T> option) {
            return option.equals(ChannelOption.ALLOW_HALF_CLOSURE)
                    ? (T) Boolean.valueOf(allowHalfClosure)
                    : super.getOption(option);
        }

        @Override
        public <T> boolean setOption(ChannelOption<T> option, T value) {
            if (option.equals(ChannelOption.ALLOW_HALF_CLOSURE)) {
                validate(option, value);
                allowHalfClosure = (Boolean) value;
                return true;
            }
            return super.setOption(option, value);
        }
    }
}
