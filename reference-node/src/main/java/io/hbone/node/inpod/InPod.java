package io.hbone.node.inpod;

import io.hbone.netty.socket.Sockets;
import io.hbone.node.config.ConfigException;
import io.hbone.node.config.ProxyMode;
import io.hbone.node.proxy.Proxies;
import io.hbone.zds.WorkloadStatus;
import io.hbone.zds.WorkloadStatus.State;
import io.hbone.zds.ZdsClient;
import io.hbone.zds.ZdsWorkload;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** The pods of this machine, as its agent hands them over. Safe for use by any thread. */
public final class InPod {
    private final PodNamespaces namespaces;
    private final PodProxies pods;
    private final ZdsClient agent;

    private InPod(PodNamespaces namespaces, PodProxies pods, ZdsClient agent) {
        this.namespaces = namespaces;
        this.pods = pods;
        this.agent = agent;
    }

    /**
     * Connects to the agent, now and whenever it is lost. To be called when the mesh is known: the agent lets pods start when we
     * say that they are served.
     *
     * @param sockets of pods, but for their place
     * @param agentThere called when there is a connection to the agent, the first one or another; must return at once
     * @param readiness told whether all pods of the agent are served, not so at first
     * @throws ConfigException when this process may not enter network namespaces
     */
    public static InPod start(
            ProxyMode.Shared mode, Proxies proxies, Sockets sockets, Runnable agentThere, Consumer<Boolean> readiness) {
        PodNamespaces namespaces = PodNamespaces.open();
        PodProxies pods =
                new PodProxies(proxies, namespaces, sockets.withSharedPorts(mode.sharedPorts()), agentThere, readiness);
        return new InPod(namespaces, pods, ZdsClient.builder(mode.agent(), pods).start());
    }

    /** ztunnel's metrics of its pods (spec/ztunnel.md 10.1). */
    public void register(PrometheusRegistry registry) {
        GaugeWithCallback.builder()
                .name("workload_manager_active_proxy_count")
                .help("The total number current workloads with active proxies (unstable)")
                .callback(callback -> callback.call(pods.active()))
                .register(registry);
        GaugeWithCallback.builder()
                .name("workload_manager_pending_proxy_count")
                .help("The total number current workloads with pending proxies (unstable)")
                .callback(callback -> callback.call(agent.workloads().stream()
                        .filter(status -> status.state() != State.ENROLLED && status.state() != State.LEAVING)
                        .count()))
                .register(registry);
        CounterWithCallback.builder()
                .name("workload_manager_proxies_started")
                .help("The total number of proxies that were started (unstable)")
                .callback(callback -> callback.call(pods.started()))
                .register(registry);
        CounterWithCallback.builder()
                .name("workload_manager_proxies_stopped")
                .help("The total number of proxies that were stopped (unstable)")
                .callback(callback -> callback.call(pods.stopped()))
                .register(registry);
    }

    /** What {@code config_dump} shows as {@code workloadState}: by uid. */
    public Map<String, Object> dump() {
        Map<String, Object> out = new LinkedHashMap<>();
        List<WorkloadStatus> statuses = agent.workloads().stream()
                .sorted(Comparator.comparing(status -> status.workload().uid()))
                .toList();
        for (WorkloadStatus status : statuses) {
            out.put(status.workload().uid(), dump(status));
        }
        return out;
    }

    private Map<String, Object> dump(WorkloadStatus status) {
        ZdsWorkload workload = status.workload();
        Map<String, Object> info = new LinkedHashMap<>();
        info.put("name", workload.name());
        info.put("namespace", workload.namespace());
        info.put("serviceAccount", workload.serviceAccount());
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("state", status.state() == State.ENROLLED ? "Up" : "Pending");
        Map<String, Object> connections = pods.dumpConnections(workload.uid());
        if (connections != null) {
            out.put("connections", connections);
        }
        out.put("info", info);
        if (status.lastError() != null) {
            out.put("attempts", status.attempts());
            out.put("lastError", status.lastError());
        }
        return out;
    }

    /** How many pods are served. */
    public int active() {
        return pods.active();
    }

    /** How many connections are carried. */
    public int connections() {
        return pods.connections();
    }

    /**
     * Takes nothing more from the agent, closes all listeners; connections may go on until {@code deadline}.
     *
     * @return completes when no connection is left
     */
    public CompletionStage<Void> drain(Duration deadline) {
        agent.close();
        return pods.drain(deadline);
    }

    /** Makes no more sockets. After {@link #drain}. */
    public void close() {
        agent.close();
        namespaces.close();
    }
}
