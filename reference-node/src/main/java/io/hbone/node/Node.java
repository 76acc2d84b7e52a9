package io.hbone.node;

import io.hbone.core.ConnectionObserver;
import io.hbone.netty.socket.OriginalDestination;
import io.hbone.node.config.ConfigException;
import io.hbone.node.config.ProxyConfig;
import io.hbone.node.dns.DnsListener;
import io.hbone.node.inpod.InPod;
import io.hbone.node.proxy.WorkloadProxy;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running node: the proxy of one workload, or those of all pods of a machine, with what operators ask it by. Several can run in
 * one process, each with ports of its own.
 */
public final class Node {
    private static final Logger log = LoggerFactory.getLogger(Node.class);

    /** How long what has its own deadline may be late. */
    private static final Duration GRACE = Duration.ofSeconds(2);

    private final Duration deadline;
    private final Runnable unready;
    private final Pages.Addresses pages;
    private final @Nullable WorkloadProxy proxy;
    private final @Nullable InPod pods;
    private final Deque<Runnable> releases;
    private final AtomicBoolean drained = new AtomicBoolean();

    /** One of {@code proxy} and {@code pods} is there. */
    Node(
            Duration deadline,
            Runnable unready,
            Pages.Addresses pages,
            @Nullable WorkloadProxy proxy,
            @Nullable InPod pods,
            Deque<Runnable> releases) {
        this.deadline = deadline;
        this.unready = unready;
        this.pages = pages;
        this.proxy = proxy;
        this.pods = pods;
        this.releases = releases;
    }

    /** A node that is set up by {@code config}. Logging is the caller's to set up. */
    public static Builder builder(ProxyConfig config) {
        return new Builder(config);
    }

    private WorkloadProxy dedicated() {
        if (proxy == null) {
            throw new IllegalStateException(
                    "PROXY_MODE: shared (expected: dedicated, as listeners of pods are in the pods)");
        }
        return proxy;
    }

    /** Where connections of the workload are captured. Of a dedicated node only. */
    public InetSocketAddress outboundAddress() {
        return dedicated().outboundAddress();
    }

    /** Where clients say by SOCKS5 where they want to go; null when that is off. Of a dedicated node only. */
    public @Nullable InetSocketAddress socksAddress() {
        return dedicated().socksAddress();
    }

    /** Where it serves HBONE. Of a dedicated node only. */
    public InetSocketAddress inboundAddress() {
        return dedicated().inboundAddress();
    }

    /** Where connections to the workload outside of tunnels are captured. Of a dedicated node only. */
    public InetSocketAddress plaintextAddress() {
        return dedicated().plaintextAddress();
    }

    /** Where names are asked for by UDP; null when that is off. Of a dedicated node only. */
    public @Nullable InetSocketAddress dnsAddress() {
        DnsListener dns = dedicated().dns();
        return dns == null ? null : dns.udpAddress();
    }

    /** Where it says whether it is ready. */
    public InetSocketAddress readinessAddress() {
        return pages.readiness();
    }

    /** Where its admin pages are. */
    public InetSocketAddress adminAddress() {
        return pages.admin();
    }

    /** Where its metrics are. */
    public InetSocketAddress metricsAddress() {
        return pages.metrics();
    }

    /**
     * Stops in order (spec/ztunnel.md 13): nothing more from the agent, not ready any more, listeners closed, connections go on
     * until the deadline, then all is released. Waits for it. Harmless when repeated.
     */
    public void drain() {
        if (!drained.compareAndSet(false, true)) {
            return;
        }
        unready.run();
        int active = pods == null ? dedicated().activeConnections() : pods.connections();
        CompletionStage<Void> end = pods == null ? dedicated().drain(deadline) : pods.drain(deadline);
        log.info("listeners closed, {} connections may go on for {}s", active, deadline.toSeconds());
        try {
            end.toCompletableFuture().get(deadline.plus(GRACE).toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            log.warn("not all connections have ended: {}", e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        release(releases);
    }

    static void release(Deque<Runnable> releases) {
        for (Runnable next = releases.poll(); next != null; next = releases.poll()) {
            try {
                next.run();
            } catch (RuntimeException e) {
                log.warn("not released: {}", e.toString());
            }
        }
    }

    /** Builds and starts a {@link Node}. */
    public static final class Builder {
        private final ProxyConfig config;
        private Clock clock = Clock.systemUTC();
        private OriginalDestination originalDestination = OriginalDestination.KERNEL;
        private ConnectionObserver observer = ConnectionObserver.NONE;
        private Runnable onQuit = () -> {};
        private CompletionStage<?> stop = new CompletableFuture<>();

        private Builder(ProxyConfig config) {
            this.config = config;
        }

        /** By which certificates are valid, and connections last; the system's if not said. */
        public Builder clock(Clock value) {
            clock = value;
            return this;
        }

        /** How to find out where a captured connection was meant to go; the kernel if not said. For demonstrations. */
        public Builder originalDestination(OriginalDestination value) {
            originalDestination = value;
            return this;
        }

        /** Told about every connection, besides the log and the metrics. */
        public Builder observer(ConnectionObserver value) {
            observer = value;
            return this;
        }

        /** Called when somebody asks by the admin page that the node be stopped; must return at once. */
        public Builder onQuit(Runnable value) {
            onQuit = value;
            return this;
        }

        /** Ends the wait for an xDS server when it is done, with {@link CancellationException} and nothing left running. */
        public Builder stopWhen(CompletionStage<?> value) {
            stop = value;
            return this;
        }

        /**
         * Starts everything, in the order of spec/ztunnel.md 1.4. With an xDS server it waits until that has told everything,
         * however long that takes. A dedicated node is ready when it returns; a shared one when the agent has handed over its pods.
         *
         * @throws ConfigException when a part cannot be had; then nothing is left running
         * @throws CancellationException when {@link #stopWhen} came first
         */
        public Node start() {
            Deque<Runnable> releases = new ArrayDeque<>();
            try {
                return new NodeStart(this, releases).start();
            } catch (RuntimeException e) {
                release(releases);
                throw e;
            }
        }

        ProxyConfig config() {
            return config;
        }

        Clock clock() {
            return clock;
        }

        OriginalDestination originalDestination() {
            return originalDestination;
        }

        ConnectionObserver observer() {
            return observer;
        }

        Runnable onQuit() {
            return onQuit;
        }

        CompletionStage<?> stop() {
            return stop;
        }
    }
}
