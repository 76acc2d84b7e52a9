package io.hbone.netty.proxy;

import io.hbone.core.HboneSettings;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.h2.TunnelStream;
import io.hbone.netty.socket.Addresses;
import io.hbone.netty.socket.Loops;
import io.hbone.netty.socket.OriginalSource;
import io.hbone.netty.socket.ReadSizes;
import io.hbone.netty.socket.Sockets;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DuplexChannel;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connects to applications, bearing the client's address where that is asked for and may be done ({@link OriginalSource}). What
 * it makes can be joined with a stream. Safe for use by any thread.
 */
public final class ApplicationConnector {

    private static final Logger LOG = LoggerFactory.getLogger(ApplicationConnector.class);

    /** What this process has complained about, so that it does so once. */
    private static final Set<String> COMPLAINTS = ConcurrentHashMap.newKeySet();

    /** A bootstrap wants one; relays want an empty pipeline, and this is never called. */
    private static final ChannelHandler NO_HANDLER = new ChannelHandlerAdapter() {
        @Override
        public boolean isSharable() {
            return true;
        }
    };

    /** Told once of the outcome, on the event loop of the connection. */
    public interface Result {
        /**
         * It is on its way: to close it is to give up, which is reported as a failure. Called once, before the outcome; not when no
         * socket could be made.
         */
        default void dialing(Channel connection) {}

        /** It is there; nothing is read until asked for. The callee closes it. */
        void connected(DuplexChannel application);

        /** It is not: {@link TunnelError#DESTINATION_CONNECT_FAILED}. */
        void failed(TunnelException why);
    }

    private final Sockets sockets;
    private final HboneSettings settings;
    private final Map<EventLoop, Bootstrap> ipv4 = new ConcurrentHashMap<>();
    private final Map<EventLoop, Bootstrap> ipv6 = new ConcurrentHashMap<>();

    /**
     * @param sockets says how connections are made, and whether they may bear the client's address
     * @param settings says how long a connect may take
     */
    public ApplicationConnector(Sockets sockets, HboneSettings settings) {
        this.sockets = sockets;
        this.settings = settings;
    }

    /**
     * Connects.
     *
     * @param loop where the connection lives
     * @param application where to
     * @param source the address that the application should see, its port does not matter; null for our own
     */
    public void connect(
            EventLoop loop, InetSocketAddress application, @Nullable InetSocketAddress source, Result result) {
        InetAddress target = application.getAddress();
        Map<EventLoop, Bootstrap> bootstraps = target instanceof Inet4Address ? ipv4 : ipv6;
        Bootstrap known = bootstraps.get(loop);
        Bootstrap bootstrap =
                known != null ? known : bootstraps.computeIfAbsent(loop, place -> newBootstrap(place, target));
        InetAddress borrowed = source == null ? null : borrowed(source.getAddress(), target);
        sockets.make(loop, () -> borrowed == null ? bootstrap.connect(application) : bootstrap.register(), future -> {
            if (!Loops.isStillborn(future)) {
                result.dialing(future.channel());
            }
            Loops.whenDone(loop, future, done -> {
                if (borrowed != null && done.isSuccess()) {
                    connectFrom(borrowed, done.channel(), application, result);
                } else {
                    report(done, application, result);
                }
            });
        });
    }

    private Bootstrap newBootstrap(EventLoop loop, InetAddress target) {
        return sockets.connector(loop, target)
                .option(ChannelOption.RECVBUF_ALLOCATOR, new ReadSizes(TunnelStream.HEADROOM))
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                        Math.min(settings.connectTimeout().toMillis(), Integer.MAX_VALUE))
                .disableResolver()
                .handler(NO_HANDLER);
    }

    /** The address to bind to, or null when there is nothing to borrow. */
    private @Nullable InetAddress borrowed(InetAddress source, InetAddress application) {
        if (sockets.originalSource() == OriginalSource.OFF) {
            return null;
        }
        InetAddress client = Addresses.canonical(source);
        InetAddress target = Addresses.canonical(application);
        // an application that calls itself sees its own address anyhow; another family's address cannot be had
        return client.equals(target) || !Addresses.sameFamily(client, target) ? null : client;
    }

    private void connectFrom(InetAddress client, Channel channel, InetSocketAddress application, Result result) {
        try {
            OriginalSource.allow(channel.config(), client);
        } catch (ChannelException e) {
            withoutSource(channel, application, client, e, result);
            return;
        }
        channel.bind(new InetSocketAddress(client, 0)).addListener((ChannelFuture bound) -> {
            if (bound.isSuccess()) {
                connect(channel, application, result);
            } else {
                withoutSource(channel, application, client, bound.cause(), result);
            }
        });
    }

    private void withoutSource(
            Channel channel, InetSocketAddress application, InetAddress client, Throwable cause, Result result) {
        String problem = String.valueOf(cause.getMessage());
        if (sockets.originalSource() == OriginalSource.ON) {
            channel.close();
            result.failed(new TunnelException(
                    TunnelError.DESTINATION_CONNECT_FAILED,
                    "connection failed: cannot connect to " + Addresses.text(application) + " as "
                            + client.getHostAddress() + ": " + problem
                            + " (expected: CAP_NET_ADMIN, or ENABLE_ORIG_SRC=false)",
                    cause));
            return;
        }
        if (COMPLAINTS.add(problem)) {
            LOG.warn(
                    "applications see the node's address and not their clients', because {} cannot be borrowed: {}",
                    client.getHostAddress(),
                    problem);
        }
        connect(channel, application, result);
    }

    private void connect(Channel channel, InetSocketAddress application, Result result) {
        channel.connect(application).addListener((ChannelFuture connected) -> report(connected, application, result));
    }

    private void report(ChannelFuture connected, InetSocketAddress application, Result result) {
        if (connected.isSuccess()) {
            result.connected((DuplexChannel) connected.channel());
            return;
        }
        if (!Loops.isStillborn(connected)) {
            connected.channel().close();
        }
        result.failed(failure(application, connected.cause()));
    }

    private TunnelException failure(InetSocketAddress application, Throwable cause) {
        return new TunnelException(
                TunnelError.DESTINATION_CONNECT_FAILED,
                cause instanceof ConnectTimeoutException
                        ? "connection failed: no answer from " + Addresses.text(application) + " within "
                                + settings.connectTimeout()
                        : "connection failed: " + Addresses.reason(cause, application),
                cause);
    }
}
