package io.hbone.node;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.hbone.enrollment.kubernetes.ClusterClients;
import io.hbone.enrollment.operator.ClusterStatus;
import io.hbone.node.operator.StatusReport;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code hbone status}: whether what is labelled has its identities. */
@Command(
        name = "status",
        description = {
            "Says how the identities of a cluster stand: who leads, and which namespaces are registered, pending or failed.",
            "Exit status: 0 when all is good, 2 when not, 1 when the API server could not be asked."
        },
        mixinStandardHelpOptions = true)
final class StatusCommand implements Callable<Integer> {
    private static final int EXIT_FAILED = 1;
    private static final int EXIT_NOT_GOOD = 2;

    @Option(names = "--json", description = "One JSON object instead of text.")
    private boolean json;

    @Option(
            names = "--lease-namespace",
            defaultValue = "kube-system",
            description = "Where the operator's Lease is (default: ${DEFAULT-VALUE}).")
    private String leaseNamespace = "";

    @Option(names = "--kubeconfig", paramLabel = "FILE", description = "The cluster (default: as kubectl finds it).")
    private @Nullable Path kubeconfig;

    @Override
    public Integer call() {
        try (KubernetesClient client = ClusterClients.open(kubeconfig)) {
            ClusterStatus status = ClusterStatus.read(client, leaseNamespace);
            Instant now = Instant.now();
            System.out.print(json ? StatusReport.json(status, now) : StatusReport.text(status, now));
            return status.isGood(now) ? 0 : EXIT_NOT_GOOD;
        } catch (IOException | KubernetesClientException e) {
            System.err.println("hbone status: " + e.getMessage());
            return EXIT_FAILED;
        }
    }
}
