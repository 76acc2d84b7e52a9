package io.hbone.netty;

import io.hbone.core.Baggage;
import io.hbone.core.ConnectRequest;
import io.hbone.core.ConnectionObserver;
import io.hbone.core.SpiffeId;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DuplexChannel;
import java.net.InetSocketAddress;

/**
 * A CONNECT that waits for its answer: exactly one of {@link #accept}, {@link #relay} and {@link #reject} is called, now or
 * later, on {@link #eventLoop()}. What the peer sends meanwhile is kept, within the stream's window.
 */
public interface IncomingStream {

    /** What the peer asks for. */
    ConnectRequest request();

    /** Who the peer has proved to be. */
    SpiffeId peerIdentity();

    /** The peer's end of the tunnel. */
    InetSocketAddress peerAddress();

    /** Our end of the tunnel. */
    InetSocketAddress localAddress();

    /** The thread of everything about this stream. */
    EventLoop eventLoop();

    /** Whether the peer still waits: it may have reset the stream, or be gone. Every answer is harmless then. */
    boolean isWaiting();

    /** Calls {@code action}, at once or later, when the peer stops waiting before it was answered. */
    void onAbandoned(Runnable action);

    /**
     * Answers 200.
     *
     * @param self what the answer says of the destination; {@link Baggage#EMPTY} for nothing
     * @param handler is added to the channel's pipeline before anything is read
     * @return the stream as a channel; closed already when the peer no longer waits
     */
    Channel accept(Baggage self, ChannelHandler handler);

    /**
     * Answers 200 and joins the stream with {@code application}, which must have been made by {@link
     * io.hbone.netty.proxy.ApplicationConnector} on this event loop.
     *
     * @param observer is told of the bytes and of the end
     * @return ends the connection when it is called
     */
    Aborter relay(DuplexChannel application, Baggage self, ConnectionObserver.Connection observer);

    /**
     * Answers with an error.
     *
     * @param status 400 to 599
     */
    void reject(int status);
}
