package io.hbone.node;

import io.hbone.netty.socket.Sockets;
import io.hbone.node.config.ConfigException;
import io.hbone.node.config.ListenPlan;
import io.hbone.node.http.HttpPort;
import io.hbone.node.http.HttpService;
import io.hbone.node.text.Ip;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Deque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens the ports by which operators ask the node. */
final class Pages {
    private static final Logger log = LoggerFactory.getLogger(Pages.class);

    private final ListenPlan listen;
    private final Sockets sockets;
    private final Deque<Runnable> releases;

    /**
     * @param sockets of the pages' transport
     * @param releases gets what closes them
     */
    Pages(ListenPlan listen, Sockets sockets, Deque<Runnable> releases) {
        this.listen = listen;
        this.sockets = Sockets.of(sockets.transport()).withKeepalive(null);
        this.releases = releases;
    }

    /** Where they are. */
    record Addresses(InetSocketAddress readiness, InetSocketAddress admin, InetSocketAddress metrics) {}

    InetSocketAddress readiness(EventLoopGroup group, HttpService page) {
        return serve("readiness", "HBONE_READINESS_PORT", listen.on(listen.readiness()), group, page);
    }

    InetSocketAddress metrics(EventLoopGroup group, HttpService page) {
        return serve("metrics", "HBONE_METRICS_PORT", listen.on(listen.metrics()), group, page);
    }

    InetSocketAddress admin(EventLoopGroup group, HttpService page) {
        InetSocketAddress address = serve("admin", "HBONE_ADMIN_PORT", listen.onLoopback(listen.admin()), group, page);
        if (listen.address() == null && listen.ipv6() && listen.admin() > 0) {
            serveOnIpv6Loopback(listen.admin(), group, page);
        }
        return address;
    }

    private InetSocketAddress serve(
            String what, String variable, InetSocketAddress address, EventLoopGroup group, HttpService page) {
        try {
            HttpPort port = HttpPort.bind(group, sockets, address, page);
            releases.push(port::close);
            log.info("{} listens on {}", what, Ip.format(port.address()));
            return port.address();
        } catch (IOException e) {
            throw cannotListen(what, variable, address, e.getCause());
        }
    }

    /** {@code localhost} is either to tools; but not every machine has IPv6. */
    private void serveOnIpv6Loopback(int port, EventLoopGroup group, HttpService page) {
        InetAddress loopback = Objects.requireNonNull(Ip.parse("::1"));
        try {
            releases.push(HttpPort.bind(group, sockets, new InetSocketAddress(loopback, port), page)::close);
        } catch (IOException e) {
            log.debug("admin does not listen on [::1]:{}: {}", port, String.valueOf(e.getCause()));
        }
    }

    private static ConfigException cannotListen(
            String what, String variable, InetSocketAddress address, @Nullable Throwable cause) {
        String why = cause == null ? "no reason given" : String.valueOf(cause.getMessage());
        String advice = why.contains("in use") ? "; another program has it, " + variable + " moves this one" : "";
        return new ConfigException("port " + Ip.format(address) + " for " + what + ": " + why + advice, cause);
    }
}
