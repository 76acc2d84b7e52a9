package io.hbone.node;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.hbone.enrollment.kubernetes.ClusterClients;
import io.hbone.enrollment.kubernetes.ClusterPods;
import io.hbone.enrollment.operator.ClusterStatus;
import io.hbone.node.agent.MachineStatus;
import io.hbone.node.operator.StatusReport;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code hbone status}: whether what is labelled has its identities, and is encrypted. */
@Command(
        name = "status",
        description = {
            "Says how the mesh of a cluster stands, as its API server tells it: who leads, which namespaces are"
                    + " registered, pending or failed, which pods are enrolled, pending or failed and why, how many are"
                    + " opted out, and which versions run.",
            "With --machine, how it stands on this machine, as its agent and its node tell it: workloads, connections,"
                    + " certificates and when the first expires, whether where they come from (SPIRE) answers, and versions.",
            "Exit status: 0 when all is good, 2 when not, 1 when the API server could not be asked."
        },
        mixinStandardHelpOptions = true)
final class StatusCommand implements Callable<Integer> {
    private static final int EXIT_FAILED = 1;
    private static final int EXIT_NOT_GOOD = 2;

    @Option(names = "--json", description = "One JSON object instead of text.")
    private boolean json;

    @Option(
            names = "--verbose",
            description =
                    "Names the pods that are opted out, too, and why: by which label, or because of what they are."
                            + " --json always has them.")
    private boolean verbose;

    @Option(
            names = "--watch",
            description = "Again and again, whenever something has changed, until it is interrupted.")
    private boolean watch;

    @Option(
            names = "--interval",
            paramLabel = "DURATION",
            defaultValue = "PT2S",
            description = "With --watch: between two looks, ISO 8601 (default: ${DEFAULT-VALUE}).")
    private Duration interval = Duration.ZERO;

    @Option(names = "--machine", description = "This machine instead of the cluster.")
    private boolean machine;

    @Option(
            names = "--agent-admin",
            paramLabel = "HOST:PORT",
            defaultValue = "${env:HBONE_AGENT_ADMIN:-127.0.0.1:15014}",
            description = "With --machine: the agent's admin port (default: ${DEFAULT-VALUE}).")
    private String agentAdmin = "";

    @Option(
            names = "--node-admin",
            paramLabel = "HOST:PORT",
            defaultValue = "127.0.0.1:15000",
            description = "With --machine: the node's admin port (default: ${DEFAULT-VALUE}).")
    private String nodeAdmin = "";

    @Option(
            names = "--lease-namespace",
            defaultValue = "kube-system",
            description = "Where the operator's Lease is (default: ${DEFAULT-VALUE}).")
    private String leaseNamespace = "";

    @Option(names = "--kubeconfig", paramLabel = "FILE", description = "The cluster (default: as kubectl finds it).")
    private @Nullable Path kubeconfig;

    /** What is said, and how. */
    private record Answer(String text, int exit) {}

    @Override
    public Integer call() throws InterruptedException {
        if (machine) {
            return say(this::machine);
        }
        try (KubernetesClient client = ClusterClients.open(kubeconfig)) {
            return say(() -> cluster(client));
        } catch (IOException | KubernetesClientException e) {
            System.err.println("hbone status: " + e.getMessage());
            return EXIT_FAILED;
        }
    }

    private int say(Look look) throws InterruptedException {
        String last = "";
        while (true) {
            Answer answer = look(look);
            if (!answer.text().equals(last)) {
                System.out.print(watch && !json ? Instant.now() + " " + answer.text() : answer.text());
                System.out.flush();
                last = answer.text();
            }
            if (!watch) {
                return answer.exit();
            }
            Thread.sleep(interval.toMillis());
        }
    }

    /** Who watches wants to see an API server come back. */
    private Answer look(Look look) {
        try {
            return look.now();
        } catch (KubernetesClientException e) {
            if (!watch) {
                throw e;
            }
            return new Answer("NOT KNOWN: " + e.getMessage() + System.lineSeparator(), EXIT_FAILED);
        }
    }

    private Answer machine() {
        MachineStatus status = MachineStatus.ask(agentAdmin, nodeAdmin);
        return new Answer(json ? status.json() : status.text(), status.isGood() ? 0 : EXIT_NOT_GOOD);
    }

    private Answer cluster(KubernetesClient client) {
        ClusterStatus status = ClusterStatus.read(client, leaseNamespace);
        ClusterPods pods = ClusterPods.read(client);
        Instant now = Instant.now();
        return new Answer(
                json ? StatusReport.json(status, pods, now) : StatusReport.text(status, pods, now, verbose),
                StatusReport.isGood(status, pods, now) ? 0 : EXIT_NOT_GOOD);
    }

    /** One look. */
    private interface Look {
        Answer now();
    }
}
