package io.hbone.node.dns;

import io.netty.channel.Channel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.ChannelGroupFuture;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/** Where one workload's queries are taken. Safe for use by any thread. */
public final class DnsListener {
    /** How often it is looked whether the last reply has been sent. */
    private static final Duration LOOK = Duration.ofMillis(20);

    private final QueryService service;
    private final List<Channel> listeners;
    private final ChannelGroup connections;

    /**
     * @param listeners one for UDP, then one for TCP, then maybe the same for IPv6
     * @param connections by TCP
     */
    DnsListener(QueryService service, List<Channel> listeners, ChannelGroup connections) {
        this.service = service;
        this.listeners = List.copyOf(listeners);
        this.connections = connections;
    }

    /** Where it takes queries by UDP. */
    public InetSocketAddress udpAddress() {
        return (InetSocketAddress) listeners.get(0).localAddress();
    }

    /** Where it takes queries by TCP. */
    public InetSocketAddress tcpAddress() {
        return (InetSocketAddress) listeners.get(1).localAddress();
    }

    /**
     * Replies to what was asked, for as long as {@code deadline} and a reply may take; then takes nothing more.
     *
     * @return completes when everything is closed; never fails
     */
    public CompletionStage<Void> drain(Duration deadline) {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        long end = System.nanoTime() + Math.min(deadline.toNanos(), Exchange.PATIENCE.toNanos());
        look(end, closed);
        return closed;
    }

    private void look(long end, CompletableFuture<Void> closed) {
        if (service.active() == 0 || System.nanoTime() - end >= 0) {
            listeners.forEach(Channel::close);
            ChannelGroupFuture all = connections.close();
            all.addListener(done -> closed.complete(null));
            return;
        }
        ScheduledFuture<?> next =
                listeners.get(0).eventLoop().schedule(() -> look(end, closed), LOOK.toNanos(), TimeUnit.NANOSECONDS);
        next.addListener(done -> {
            if (done.isCancelled()) {
                closed.complete(null);
            }
        });
    }
}
