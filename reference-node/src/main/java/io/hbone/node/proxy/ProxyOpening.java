package io.hbone.node.proxy;

import io.hbone.core.Baggage;
import io.hbone.core.ConnectionObserver;
import io.hbone.core.IdentitySource;
import io.hbone.core.WorkloadIdentity;
import io.hbone.netty.HboneClient;
import io.hbone.netty.pool.TunnelPool;
import io.hbone.netty.proxy.InboundListener;
import io.hbone.netty.proxy.OutboundListener;
import io.hbone.netty.proxy.PlaintextListener;
import io.hbone.netty.socket.Sockets;
import io.hbone.node.config.ConfigException;
import io.hbone.node.config.ListenPlan;
import io.hbone.node.config.ProxyConfig;
import io.hbone.node.dns.DnsClient;
import io.hbone.node.dns.DnsListener;
import io.hbone.node.dns.DnsProxy;
import io.hbone.node.proxy.LocalWorkload.InMesh;
import io.hbone.node.telemetry.CombinedObserver;
import io.hbone.node.text.Ip;
import io.hbone.xds.policy.PolicyEngine;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Opens the listeners of one proxy, one after another, or none. */
final class ProxyOpening {
    private final Proxies shared;
    private final ProxyConfig config;
    private final ListenPlan listen;
    private final LocalWorkload workload;
    private final Sockets outgoing;
    private final Sockets accepting;
    private final ConnectionObserver observer;
    private final IdentitySource identities;
    private final LocalRouters routers;
    private final PolicyEngine authorizer;

    /** Undoes what is open, newest first. */
    private final Deque<Runnable> undo = new ArrayDeque<>();

    ProxyOpening(Proxies shared, LocalWorkload workload, Sockets outgoing, Sockets accepting, ConnectionObserver more) {
        this.shared = shared;
        this.config = shared.config();
        this.listen = config.listen();
        this.workload = workload;
        this.outgoing = outgoing;
        this.accepting = accepting;
        observer = more.equals(ConnectionObserver.NONE)
                ? shared.observer()
                : new CombinedObserver(shared.observer(), more);
        identities = new LocalIdentities(workload, shared.identities());
        routers = new LocalRouters(
                workload,
                shared.outboundRouter(),
                shared::inboundRouter,
                shared.mesh().onDemand(),
                config.network());
        authorizer = shared.mesh().authorizer(this::inMesh, shared.audit());
    }

    private io.hbone.xds.model.@Nullable Workload inMesh() {
        InMesh now = workload.now();
        return now == null ? null : now.workload();
    }

    CompletionStage<WorkloadProxy> open() {
        WorkloadIdentity self = workload.self();
        TunnelPool tunnels = shared.resources().newPool(self, identities, config.tunnel(), outgoing, observer);
        HboneClient nested = HboneClient.builder(self, identities)
                .group(shared.workers())
                .resources(shared.resources())
                .sockets(outgoing)
                .settings(config.tunnel())
                .observer(observer)
                .build();
        undo.push(nested::close);
        Integer socksPort = listen.socks();
        OutboundListener.Builder captured = outbound(tunnels, nested);
        return inbound()
                .thenCompose(inbound -> plaintext()
                        .thenCompose(plaintext -> outbound(captured)
                                .thenCompose(outbound -> socks(captured, socksPort)
                                        .thenCompose(socks -> dns().thenApply(dns -> new WorkloadProxy(
                                                workload, inbound, plaintext, outbound, socks, dns, tunnels,
                                                nested))))))
                .whenComplete((proxy, failure) -> {
                    if (failure != null) {
                        undo.forEach(Runnable::run);
                    }
                })
                .thenApply(proxy -> {
                    proxy.follow(shared.mesh());
                    shared.prefetch(workload);
                    return proxy;
                });
    }

    private CompletableFuture<InboundListener> inbound() {
        return bound(
                "inbound",
                "HBONE_INBOUND_PORT",
                listen.on(listen.inbound()),
                InboundListener.builder(workload.self(), identities, routers)
                        .authorizer(authorizer)
                        .responseBaggage(() ->
                                config.responseBaggage() ? workload.metadata().toBaggage() : Baggage.EMPTY)
                        .settings(config.tunnel())
                        .resources(shared.resources())
                        .sockets(outgoing)
                        .listenSockets(accepting)
                        .observer(observer)
                        .illegalPorts(listen.illegalPorts())
                        .random(shared.random())
                        .bind(shared.workers(), listen.on(listen.inbound())),
                InboundListener::localAddress,
                listener -> listener.drain(Duration.ZERO));
    }

    private CompletableFuture<PlaintextListener> plaintext() {
        return bound(
                "inbound plaintext",
                "HBONE_PLAINTEXT_PORT",
                listen.on(listen.plaintext()),
                PlaintextListener.builder(routers)
                        .authorizer(authorizer)
                        .settings(config.tunnel())
                        .sockets(outgoing)
                        .listenSockets(accepting)
                        .observer(observer)
                        .illegalPorts(listen.illegalPorts())
                        .originalDestination(shared.originalDestination())
                        .bind(shared.workers(), listen.on(listen.plaintext())),
                PlaintextListener::localAddress,
                listener -> listener.drain(Duration.ZERO));
    }

    private OutboundListener.Builder outbound(TunnelPool tunnels, HboneClient nested) {
        return OutboundListener.builder(workload.self(), routers, tunnels)
                .metadata(workload::metadata)
                .network(config.network())
                .nestedTunnels(nested)
                .settings(config.tunnel())
                .sockets(outgoing)
                .listenSockets(accepting)
                .observer(observer)
                .illegalPorts(listen.illegalPorts())
                .originalDestination(shared.originalDestination())
                .random(shared.random());
    }

    private CompletableFuture<OutboundListener> outbound(OutboundListener.Builder captured) {
        return bound(
                "outbound",
                "HBONE_OUTBOUND_PORT",
                listen.on(listen.outbound()),
                captured.bind(shared.workers(), listen.on(listen.outbound())),
                OutboundListener::localAddress,
                listener -> listener.drain(Duration.ZERO));
    }

    private CompletableFuture<@Nullable OutboundListener> socks(
            OutboundListener.Builder captured, @Nullable Integer port) {
        if (port == null) {
            return CompletableFuture.completedFuture(null);
        }
        return this.<OutboundListener>bound(
                        "socks5",
                        "HBONE_SOCKS_PORT",
                        listen.onLoopback(port),
                        captured.bindSocks(shared.workers(), listen.onLoopback(port)),
                        OutboundListener::localAddress,
                        listener -> listener.drain(Duration.ZERO))
                .thenApply(listener -> listener);
    }

    private CompletionStage<@Nullable DnsListener> dns() {
        DnsProxy dns = shared.dns();
        return dns == null
                ? CompletableFuture.completedFuture(null)
                : dns.open(new DnsClient(workload.info().namespace(), workload::metadata), outgoing, accepting)
                        .thenApply(listener -> listener);
    }

    private <T> CompletableFuture<T> bound(
            String what,
            String variable,
            InetSocketAddress address,
            Future<T> listening,
            Function<T, InetSocketAddress> where,
            Consumer<T> close) {
        CompletableFuture<T> result = new CompletableFuture<>();
        listening.addListener((Future<T> done) -> {
            if (done.isSuccess()) {
                T listener = done.getNow();
                undo.push(() -> close.accept(listener));
                shared.isOurs(where.apply(listener).getPort());
                result.complete(listener);
            } else {
                result.completeExceptionally(cannotListen(what, variable, address, done.cause()));
            }
        });
        return result;
    }

    private static ConfigException cannotListen(
            String what, String variable, InetSocketAddress address, @Nullable Throwable cause) {
        String why = cause == null ? "no reason given" : String.valueOf(cause.getMessage());
        String advice = "";
        if (why.contains("in use")) {
            advice = "; another program has it, " + variable + " moves this one";
        } else if (why.contains("transparent")) {
            advice = "; ENABLE_ORIG_SRC=true asks for it";
        }
        return new ConfigException("port " + Ip.format(address) + " for " + what + ": " + why + advice, cause);
    }
}
