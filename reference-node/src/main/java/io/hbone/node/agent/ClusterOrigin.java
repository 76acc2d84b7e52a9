package io.hbone.node.agent;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.hbone.core.TrustDomain;
import io.hbone.enrollment.AgentObserver;
import io.hbone.enrollment.MeshDirectory;
import io.hbone.enrollment.WorkloadSource;
import io.hbone.enrollment.directory.ClusterDirectory;
import io.hbone.enrollment.directory.DirectorySettings;
import io.hbone.enrollment.directory.PodWorkloads;
import io.hbone.enrollment.kubernetes.ClusterClients;
import io.hbone.enrollment.kubernetes.KubernetesWorkloads;
import io.hbone.enrollment.kubernetes.MachineReports;
import io.hbone.enrollment.kubernetes.MachineStanding;
import io.hbone.enrollment.kubernetes.PodReports;
import io.hbone.xds.model.Locality;
import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A Kubernetes cluster, which is told in turn how its pods stand. */
final class ClusterOrigin implements Origin {
    private static final Logger log = LoggerFactory.getLogger(ClusterOrigin.class);

    private final KubernetesClient client;
    private final ScheduledExecutorService telling = thread("pod-status");
    private final ScheduledExecutorService publishing = thread("directory");
    private final KubernetesWorkloads workloads;
    private final PodReports reports;
    private final ClusterDirectory directory;
    private final CompletionStage<Void> known;
    private final ClusterOptions options;
    private @Nullable MachineReports machineReports;

    /**
     * Begins to read the cluster, however long its API server is away.
     *
     * @param machine the name of the Node object whose pods are local
     * @throws IOException when the kubeconfig cannot be read
     */
    ClusterOrigin(ClusterOptions options, String machine, TrustDomain trustDomain, MeshDirectory mesh)
            throws IOException {
        this.options = options;
        DirectorySettings settings = options.settings(trustDomain);
        PodWorkloads pods = new PodWorkloads(settings);
        client = ClusterClients.open(options.kubeconfig);
        workloads =
                new KubernetesWorkloads(client, machine, (pod, labels) -> pods.workload(pod, labels, Locality.UNKNOWN));
        reports = new PodReports(client, machine, workloads, telling, Clock.systemUTC(), new Random());
        directory = ClusterDirectory.builder(client, mesh, publishing)
                .settings(settings)
                .build();
        known = directory.start();
        log.info("machine {}: its pods are those of {}", machine, name());
    }

    @Override
    public WorkloadSource workloads() {
        return workloads;
    }

    @Override
    public List<AgentObserver> observers() {
        return List.of(reports);
    }

    @Override
    public void follow(Supplier<MachineStatus> machine) {
        String namespace = options.podNamespace;
        String pod = options.podName;
        if (namespace == null || namespace.isEmpty() || pod == null || pod.isEmpty()) {
            log.info(
                    "how this machine stands is not told at the API server (expected for that: $POD_NAME, $POD_NAMESPACE)");
            return;
        }
        machineReports = MachineReports.start(
                client,
                namespace,
                pod,
                () -> {
                    MachineStatus status = machine.get();
                    return new MachineStanding(status.isGood(), status.summary());
                },
                thread("machine-status"),
                Clock.systemUTC());
    }

    @Override
    public CompletionStage<Void> known() {
        return known;
    }

    @Override
    public String kind() {
        return "cluster";
    }

    @Override
    public String name() {
        return client.getMasterUrl().toString();
    }

    @Override
    public void close() {
        if (machineReports != null) {
            machineReports.close();
        }
        directory.close();
        reports.close();
        telling.shutdown();
        publishing.shutdown();
        client.close();
    }

    private static ScheduledExecutorService thread(String name) {
        return Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
    }
}
