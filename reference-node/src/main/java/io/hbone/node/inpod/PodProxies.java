package io.hbone.node.inpod;

import io.hbone.netty.socket.Sockets;
import io.hbone.node.config.WorkloadInfo;
import io.hbone.node.proxy.LocalWorkload;
import io.hbone.node.proxy.Proxies;
import io.hbone.node.proxy.WorkloadProxy;
import io.hbone.zds.NetworkNamespace;
import io.hbone.zds.WorkloadHandler;
import io.hbone.zds.ZdsWorkload;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The proxies of pods: opens and closes them as the agent says. Safe for use by any thread. */
final class PodProxies implements WorkloadHandler {
    private static final Logger log = LoggerFactory.getLogger(PodProxies.class);

    private final Proxies proxies;
    private final PodNamespaces namespaces;
    private final Sockets sockets;
    private final Runnable agentThere;
    private final Consumer<Boolean> readiness;
    private final Map<String, Pod> pods = new ConcurrentHashMap<>();
    private final LongAdder started = new LongAdder();
    private final LongAdder stopped = new LongAdder();

    /**
     * @param sockets of pods, but for their place
     * @param agentThere called when there is a connection to the agent, the first one or another
     * @param readiness told whether all pods of the agent are served
     */
    PodProxies(
            Proxies proxies,
            PodNamespaces namespaces,
            Sockets sockets,
            Runnable agentThere,
            Consumer<Boolean> readiness) {
        this.proxies = proxies;
        this.namespaces = namespaces;
        this.sockets = sockets;
        this.agentThere = agentThere;
        this.readiness = readiness;
    }

    /** One that is served. */
    private record Pod(WorkloadProxy proxy, NetworkNamespace namespace, PodConnections connections) {}

    @Override
    public CompletionStage<?> start(ZdsWorkload workload, NetworkNamespace namespace) {
        LocalWorkload local = proxies.workload(workload.uid(), info(workload));
        Sockets inPod = sockets.withFactory(namespaces.in(namespace));
        if (sockets.sharedPorts()) {
            namespaces.keepQueued(namespace);
        }
        PodConnections connections = new PodConnections();
        return proxies.open(local, inPod, inPod, connections).thenAccept(proxy -> {
            pods.put(workload.uid(), new Pod(proxy, namespace, connections));
            started.increment();
            log.info("serving {} in {}", workload, namespace);
        });
    }

    private static WorkloadInfo info(ZdsWorkload workload) {
        return new WorkloadInfo(workload.namespace(), workload.name(), workload.serviceAccount());
    }

    @Override
    public CompletionStage<?> stop(ZdsWorkload workload) {
        Pod pod = pods.remove(workload.uid());
        if (pod == null) {
            return CompletableFuture.completedFuture(null);
        }
        stopped.increment();
        int active = pod.proxy.activeConnections();
        return pod.proxy.drain(Duration.ZERO).whenComplete((done, failure) -> {
            pod.namespace.close();
            namespaces.leave();
            proxies.forget(pod.proxy.workload());
            log.info("stopped serving {}, {} connections were cut off", workload, active);
        });
    }

    @Override
    public void agentConnected() {
        agentThere.run();
    }

    @Override
    public void readinessChanged(boolean ready) {
        readiness.accept(ready);
    }

    /** How many are served. */
    int active() {
        return pods.size();
    }

    /** How many were ever started. */
    long started() {
        return started.sum();
    }

    /** How many were ever stopped. */
    long stopped() {
        return stopped.sum();
    }

    /** How many connections are carried. */
    int connections() {
        return pods.values().stream()
                .mapToInt(pod -> pod.proxy.activeConnections())
                .sum();
    }

    /** The connections of a pod, for {@code config_dump}; null when it is not served. */
    @Nullable Map<String, Object> dumpConnections(String uid) {
        Pod pod = pods.get(uid);
        return pod == null ? null : pod.connections.dump();
    }

    /**
     * Closes all listeners; connections may go on until {@code deadline}.
     *
     * @return completes when no connection is left
     */
    CompletionStage<Void> drain(Duration deadline) {
        return CompletableFuture.allOf(pods.values().stream()
                .map(pod -> pod.proxy
                        .drain(deadline)
                        .whenComplete((done, failure) -> pod.namespace.close())
                        .toCompletableFuture())
                .toArray(CompletableFuture<?>[]::new));
    }
}
