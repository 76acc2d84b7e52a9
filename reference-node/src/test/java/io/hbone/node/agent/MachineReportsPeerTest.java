package io.hbone.node.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.hbone.enrollment.kubernetes.ClusterMachine;
import io.hbone.enrollment.kubernetes.ClusterPods;
import io.hbone.enrollment.kubernetes.MachineReports;
import io.hbone.enrollment.kubernetes.MachineStanding;
import io.hbone.enrollment.testing.KubeApi;
import io.hbone.enrollment.testing.ManualSchedule;
import io.hbone.enrollment.testing.SharedKubeApi;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** As the service account and with the rights that the manifest gives agents, before a real API server. */
@ExtendWith(SharedKubeApi.class)
@Tag("peer")
class MachineReportsPeerTest {
    private static final String SYSTEM = "kube-system";
    private static final String POD = "hbone-agent-of-reports";
    private static final String MACHINE = "machine-of-reports";

    private final AtomicReference<MachineStanding> standing =
            new AtomicReference<>(new MachineStanding(true, "all connected"));

    @Test
    void agent_tellsAtItsOwnPodHowItsMachineStands_andWhoAsksTheClusterIsTold(KubeApi cluster) {
        cluster.kubectl("apply", "-f", "src/main/kubernetes/agent.yaml");
        ManualSchedule time = new ManualSchedule();
        try (KubernetesClient admin = cluster.admin();
                KubernetesClient agent = cluster.as(SYSTEM, "hbone-agent")) {
            admin.resource(new PodBuilder()
                            .withNewMetadata()
                            .withNamespace(SYSTEM)
                            .withName(POD)
                            .addToLabels("app.kubernetes.io/name", "hbone-agent")
                            .endMetadata()
                            .withNewSpec()
                            .withNodeName(MACHINE)
                            .withServiceAccountName("hbone-agent")
                            .addNewContainer()
                            .withName("agent")
                            .withImage("hbone:1")
                            .endContainer()
                            .endSpec()
                            .build())
                    .create();
            try {
                assertThat(machine(admin).state()).isEqualTo(ClusterMachine.State.UNKNOWN);
                MachineReports.start(agent, SYSTEM, POD, standing::get, time, Clock.systemUTC());
                time.pass(Duration.ofSeconds(10));
                assertThat(machine(admin))
                        .extracting(ClusterMachine::state, ClusterMachine::message)
                        .containsExactly(ClusterMachine.State.CONNECTED, "all connected");

                standing.set(new MachineStanding(false, "no connection to SPIRE"));
                time.pass(Duration.ofSeconds(20));
                assertThat(machine(admin))
                        .extracting(ClusterMachine::state, ClusterMachine::message)
                        .containsExactly(ClusterMachine.State.TROUBLED, "no connection to SPIRE");
            } finally {
                admin.pods()
                        .inNamespace(SYSTEM)
                        .withName(POD)
                        .withGracePeriod(0)
                        .delete();
            }
        }
    }

    private static ClusterMachine machine(KubernetesClient admin) {
        return ClusterPods.read(admin).machines().stream()
                .filter(each -> each.name().equals(MACHINE))
                .findFirst()
                .orElseThrow();
    }
}
