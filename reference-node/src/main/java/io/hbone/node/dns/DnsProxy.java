package io.hbone.node.dns;

import io.hbone.netty.socket.Sockets;
import io.hbone.netty.socket.Transport;
import io.hbone.node.config.ConfigException;
import io.hbone.node.config.DnsSettings;
import io.hbone.node.text.Ip;
import io.hbone.xds.store.Snapshot;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.unix.UnixChannelOption;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Replies to DNS queries of workloads (spec/ztunnel.md 12): opens a {@link DnsListener} for each, on loopback addresses of the
 * workload's own network, where nobody else can ask. Safe for use by any thread.
 */
public final class DnsProxy {
    /** How many connections a workload may have; one more is closed at once. */
    private static final int MAX_CONNECTIONS = 256;

    private final DnsSettings settings;
    private final NameTable names;
    private final Supplier<List<InetSocketAddress>> servers;
    private final Sockets home;
    private final EventLoopGroup group;
    private final DnsMetrics metrics;
    private final RandomGenerator secure = new SecureRandom();

    DnsProxy(
            DnsSettings settings,
            NameTable names,
            Supplier<List<InetSocketAddress>> servers,
            Sockets home,
            EventLoopGroup group,
            DnsMetrics metrics) {
        this.settings = settings;
        this.names = names;
        this.servers = servers;
        this.home = home;
        this.group = group;
        this.metrics = metrics;
    }

    /**
     * Reads who the name servers are, and follows what changes of it.
     *
     * @param snapshots the newest of the mesh; called for each query
     * @param network where workloads are
     * @param home of the network that this process is in, where name servers on loopback addresses are
     * @param group whose loops serve; stays the caller's
     * @param random by which addresses are put into an order
     * @param background looks at the file of the name servers, for as long as it runs
     */
    public static DnsProxy of(
            DnsSettings settings,
            Supplier<Snapshot> snapshots,
            String network,
            Sockets home,
            EventLoopGroup group,
            DnsMetrics metrics,
            RandomGenerator random,
            ScheduledExecutorService background) {
        ResolverWatch file = ResolverWatch.open(settings.resolverFile()).follow(background);
        NameTable names =
                new NameTable(snapshots, network, settings, settings.searchOfFile() ? file::search : null, random);
        return new DnsProxy(settings, names, file::servers, home, group, metrics);
    }

    /**
     * Listens for one workload.
     *
     * @param client the workload
     * @param outgoing how name servers are asked, and from where
     * @param accepting how it listens
     * @return completes when it does; exceptionally, with nothing left open, with a {@link ConfigException} for the operator
     */
    public CompletionStage<DnsListener> open(DnsClient client, Sockets outgoing, Sockets accepting) {
        QueryService service =
                new QueryService(client, names, new NameServers(servers, outgoing, home), metrics, secure);
        ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
        List<CompletableFuture<@Nullable Channel>> bound = new ArrayList<>();
        for (InetSocketAddress address : settings.listenAddresses()) {
            bound.add(udp(accepting, address, service));
            bound.add(tcp(accepting, address, service, connections));
        }
        return CompletableFuture.allOf(bound.toArray(CompletableFuture<?>[]::new))
                .handle((all, failure) -> {
                    List<Channel> open = new ArrayList<>();
                    for (CompletableFuture<@Nullable Channel> one : bound) {
                        Channel channel = one.isCompletedExceptionally() ? null : one.join();
                        if (channel != null) {
                            open.add(channel);
                        }
                    }
                    if (failure == null) {
                        return CompletableFuture.completedFuture(new DnsListener(service, open, connections));
                    }
                    open.forEach(Channel::close);
                    return CompletableFuture.<DnsListener>failedFuture(
                            failure.getCause() == null ? failure : failure.getCause());
                })
                .thenCompose(listening -> listening);
    }

    private CompletableFuture<@Nullable Channel> udp(Sockets sockets, InetSocketAddress address, QueryService service) {
        EventLoop loop = group.next();
        Bootstrap bootstrap = sockets.datagram(loop)
                .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(Query.MAX_LENGTH + 1))
                .handler(new UdpPort(service));
        if (sockets.sharedPorts() && sockets.transport() != Transport.NIO) {
            bootstrap.option(UnixChannelOption.SO_REUSEPORT, true);
        }
        CompletableFuture<@Nullable Channel> bound = new CompletableFuture<>();
        sockets.make(loop, () -> bootstrap.bind(address), made -> complete(made, "UDP", address, bound));
        return bound;
    }

    private CompletableFuture<@Nullable Channel> tcp(
            Sockets sockets, InetSocketAddress address, QueryService service, ChannelGroup connections) {
        EventLoop loop = group.next();
        ServerBootstrap bootstrap = sockets.withKeepalive(null)
                .listener(loop, group)
                .childOption(ChannelOption.AUTO_READ, true)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        if (connections.size() >= MAX_CONNECTIONS) {
                            channel.close();
                            return;
                        }
                        connections.add(channel);
                        TcpConnection.install(channel, service);
                    }
                });
        CompletableFuture<@Nullable Channel> bound = new CompletableFuture<>();
        sockets.make(loop, () -> bootstrap.bind(address), made -> complete(made, "TCP", address, bound));
        return bound;
    }

    private static void complete(
            ChannelFuture made,
            String protocol,
            InetSocketAddress address,
            CompletableFuture<@Nullable Channel> bound) {
        made.addListener(done -> {
            Throwable cause = done.cause();
            if (cause == null) {
                bound.complete(made.channel());
            } else if (address.getAddress() instanceof Inet6Address && isMissing(cause)) {
                bound.complete(null); // a pod without IPv6 asks by IPv4
            } else {
                bound.completeExceptionally(cannotListen(protocol, address, cause));
            }
        });
    }

    private static boolean isMissing(Throwable cause) {
        String why = String.valueOf(cause.getMessage());
        return why.contains("Cannot assign") || why.contains("family not supported");
    }

    private static ConfigException cannotListen(String protocol, InetSocketAddress address, Throwable cause) {
        String why = String.valueOf(cause.getMessage());
        String advice =
                why.contains("in use") ? "; another program has it, ISTIO_META_DNS_PROXY_ADDR moves this one" : "";
        return new ConfigException(protocol + " port " + Ip.format(address) + " for dns: " + why + advice, cause);
    }
}
