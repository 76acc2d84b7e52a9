package io.hbone.node.agent;

import io.hbone.enrollment.AgentObserver;
import io.hbone.enrollment.AgentStatus;
import io.hbone.enrollment.EnrollmentStatus;
import io.hbone.enrollment.LocalWorkload;
import io.hbone.xds.server.ClientStatus;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/** The agent's metrics: Cilium's where it has them (spec/cilium.md 2.8, 4.8), and ours. */
final class AgentMetrics implements AgentObserver {
    private final Counter enrolled;
    private final Counter failed;
    private final Counter repaired;
    private final Gauge connections;

    AgentMetrics(PrometheusRegistry registry) {
        enrolled = counter(registry, "cilium_ztunnel_zds_enrollment", "Workloads that were enrolled");
        failed = counter(
                registry, "cilium_ztunnel_zds_enrollment_failures", "Steps to enroll a workload that failed", "status");
        for (Failure each : Failure.values()) {
            failed.labelValues(name(each));
        }
        repaired = counter(registry, "hbone_agent_rules_repaired", "Rules that were not as the agent had left them");
        connections = Gauge.builder()
                .name("cilium_ztunnel_zds_connection_active")
                .help("Nodes that are connected by ZDS")
                .register(registry);
        connections.set(0);
    }

    private static Counter counter(PrometheusRegistry registry, String name, String help, String... labels) {
        Counter.Builder builder = Counter.builder();
        builder.name(name).help(help).labelNames(labels);
        builder.withoutExemplars();
        return builder.register(registry);
    }

    /** What is read when somebody asks. */
    void read(PrometheusRegistry registry, Supplier<AgentStatus> agent, Supplier<List<ClientStatus>> clients) {
        GaugeWithCallback.builder()
                .name("hbone_agent_workloads")
                .help("Workloads of this machine, by how they stand")
                .labelNames("state")
                .callback(callback ->
                        count(agent.get()).forEach((state, number) -> callback.call(number, state.toString())))
                .register(registry);
        GaugeWithCallback.builder()
                .name("hbone_agent_peers_awaited")
                .help("Workloads of other machines that are not told as reached by HBONE before somebody listens there")
                .callback(callback -> callback.call(agent.get().awaitedPeers()))
                .register(registry);
        GaugeWithCallback.builder()
                .name("hbone_agent_peers_unreached")
                .help("Workloads of other machines that are told as reached by HBONE although nobody was found to"
                        + " listen there")
                .callback(callback -> callback.call(agent.get().unreachedPeers().size()))
                .register(registry);
        GaugeWithCallback.builder()
                .name("hbone_agent_xds_clients")
                .help("Nodes that are connected by xDS")
                .callback(callback -> callback.call(clients.get().size()))
                .register(registry);
        GaugeWithCallback.builder()
                .name("hbone_agent_xds_nacks")
                .help("Responses of which a node that is connected by xDS rejected something")
                .callback(callback -> callback.call(clients.get().stream()
                        .flatMap(client -> client.types().values().stream())
                        .mapToLong(ClientStatus.OfType::nacked)
                        .sum()))
                .register(registry);
    }

    private static Map<EnrollmentStatus.State, Integer> count(AgentStatus status) {
        Map<EnrollmentStatus.State, Integer> counts = new EnumMap<>(EnrollmentStatus.State.class);
        for (EnrollmentStatus.State state : EnrollmentStatus.State.values()) {
            counts.put(state, 0);
        }
        status.workloads().forEach(workload -> counts.merge(workload.state(), 1, Integer::sum));
        return counts;
    }

    @Override
    public void enrolled(LocalWorkload workload) {
        enrolled.inc();
    }

    @Override
    public void failed(LocalWorkload workload, Failure why) {
        failed.labelValues(name(why)).inc();
    }

    @Override
    public void repaired(LocalWorkload workload) {
        repaired.inc();
    }

    @Override
    public void nodesChanged(int connected) {
        connections.set(connected);
    }

    private static String name(Failure failure) {
        return failure.name().toLowerCase(Locale.ROOT);
    }
}
