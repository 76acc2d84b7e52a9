package io.hbone.netty;

import io.hbone.core.Baggage;
import io.hbone.core.ConnectRequest;
import io.hbone.core.ConnectionObserver;
import io.hbone.core.HboneSettings;
import io.hbone.core.SpiffeId;
import io.hbone.core.TunnelException;
import io.hbone.netty.h2.ConnectHeaders;
import io.hbone.netty.h2.StreamListener;
import io.hbone.netty.h2.TunnelStream;
import io.hbone.netty.relay.StreamRelay;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http2.Http2Headers;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * An incoming stream until it is answered: keeps what comes meanwhile.
 *
 * <p><b>Reference counting:</b> releases what was kept when nobody wants it.
 */
final class ServerStream implements IncomingStream, StreamListener {

    private final TunnelStream stream;
    private final ConnectRequest request;
    private final SpiffeId peerIdentity;
    private final HboneSettings settings;

    private @Nullable ArrayDeque<ByteBuf> early;
    private boolean peerEnded;
    private boolean answered;
    private boolean gone;
    private @Nullable Runnable onAbandoned;

    ServerStream(TunnelStream stream, ConnectRequest request, SpiffeId peerIdentity, HboneSettings settings) {
        this.stream = stream;
        this.request = request;
        this.peerIdentity = peerIdentity;
        this.settings = settings;
    }

    @Override
    public ConnectRequest request() {
        return request;
    }

    @Override
    public SpiffeId peerIdentity() {
        return peerIdentity;
    }

    @Override
    public InetSocketAddress peerAddress() {
        return (InetSocketAddress) stream.tunnel().channel().remoteAddress();
    }

    @Override
    public InetSocketAddress localAddress() {
        return (InetSocketAddress) stream.tunnel().channel().localAddress();
    }

    @Override
    public EventLoop eventLoop() {
        return stream.eventLoop();
    }

    @Override
    public boolean isWaiting() {
        return !answered && !gone;
    }

    @Override
    public void onAbandoned(Runnable action) {
        if (gone) {
            action.run();
        } else {
            onAbandoned = action;
        }
    }

    @Override
    public Channel accept(Baggage self, ChannelHandler handler) {
        answer();
        stream.respond(ConnectHeaders.ok(self), false);
        StreamChannel channel = StreamChannels.open(stream, handler);
        replay(channel);
        if (gone) {
            channel.close();
        }
        return channel;
    }

    @Override
    public Aborter relay(DuplexChannel application, Baggage self, ConnectionObserver.Connection observer) {
        answer();
        if (gone) {
            application.close();
            observer.closed(null);
            return why -> {};
        }
        stream.respond(ConnectHeaders.ok(self), false);
        StreamRelay relay = StreamRelay.join(
                application,
                stream,
                observer,
                false,
                settings.streamIdleTimeout().toNanos());
        replay(relay);
        return relay::abort;
    }

    @Override
    public void reject(int status) {
        if (status < 400 || status > 599) {
            throw new IllegalArgumentException("status: " + status + " (expected: 400 to 599)");
        }
        answer();
        stream.respond(ConnectHeaders.status(status), true);
        dropEarly();
    }

    private void answer() {
        if (answered) {
            throw new IllegalStateException(stream + " was answered before (expected: once)");
        }
        answered = true;
        onAbandoned = null;
    }

    private void replay(StreamListener listener) {
        if (early != null) {
            for (ByteBuf data = early.poll(); data != null; data = early.poll()) {
                listener.onData(data);
            }
            listener.onReadComplete();
        }
        if (peerEnded) {
            listener.onEnd();
        }
    }

    private void dropEarly() {
        if (early != null) {
            for (ByteBuf data = early.poll(); data != null; data = early.poll()) {
                data.release();
            }
        }
    }

    private void abandoned() {
        gone = true;
        dropEarly();
        Runnable action = onAbandoned;
        onAbandoned = null;
        if (action != null && !answered) {
            action.run();
        }
    }

    // ---- what the tunnel says
    // --------------------------------------------------------------------------------------------

    @Override
    public void onResponse(Http2Headers headers) {}

    @Override
    public void onData(ByteBuf data) {
        if (answered || gone) {
            data.release();
            return;
        }
        if (early == null) {
            early = new ArrayDeque<>(4);
        }
        early.add(data);
    }

    @Override
    public void onReadComplete() {}

    @Override
    public void onEnd() {
        peerEnded = true;
    }

    @Override
    public void onWritable() {}

    @Override
    public void onReset(boolean orderly, TunnelException why) {
        abandoned();
    }

    @Override
    public void onFailure(TunnelException why) {
        abandoned();
    }
}
