package io.hbone.enrollment.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.hbone.enrollment.testing.ManualSchedule;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MachineReportsTest {
    private static final Instant BEGIN = Instant.parse("2026-11-23T08:00:00Z");

    private final ManualSchedule time = new ManualSchedule();
    private final List<String> written = new ArrayList<>();
    private MachineStanding machine = new MachineStanding(true, "fine");
    private int refusals;

    @BeforeEach
    void start() {
        MachineReports.start(this::write, () -> machine, time, time.clock(BEGIN));
    }

    private void write(MachineStanding standing, Instant since) {
        if (refusals > 0) {
            refusals--;
            throw new KubernetesClientException("no", 403, null);
        }
        written.add(standing.sound() + " " + standing.message() + " +"
                + Duration.between(BEGIN, since).toSeconds());
    }

    private void pass(int seconds) {
        time.pass(Duration.ofSeconds(seconds));
    }

    @Test
    void standing_isToldOnce_andTroubleWhenItLasts_withTheTimeOfTheChange() {
        pass(60);
        assertThat(written).containsExactly("true fine +10");

        machine = new MachineStanding(false, "no SPIRE");
        pass(10);
        machine = new MachineStanding(true, "fine");
        pass(60);
        assertThat(written).as("of a moment's trouble").hasSize(1);

        machine = new MachineStanding(false, "no SPIRE");
        pass(20);
        assertThat(written).containsExactly("true fine +10", "false no SPIRE +150");
        machine = new MachineStanding(false, "no SPIRE, no node");
        pass(30);
        assertThat(written).endsWith("false no SPIRE, no node +150");
        machine = new MachineStanding(true, "fine");
        pass(10);
        assertThat(written).hasSize(4).endsWith("true fine +190");
    }

    @Test
    void wordsThatChangeAllTheTime_areToldSeldom() {
        for (int i = 0; i < 120; i++) {
            machine = new MachineStanding(true, "expires at " + i);
            pass(10);
        }
        assertThat(written).hasSize(4);
    }

    @Test
    void refusedWrite_isTriedAgain() {
        refusals = 2;
        pass(40);
        assertThat(written).containsExactly("true fine +30");
    }

    @Test
    void conditionOfTheAgentsPod_isReadAsItWasWritten_byMachine() {
        MachineStanding said = new MachineStanding(false, "no \u001bSPIRE");
        assertThat(said.patch("2026-11-23T08:00:00Z"))
                .isEqualTo(Map.of(
                        "status",
                        Map.of(
                                "conditions",
                                List.of(Map.of(
                                        "type", "hbone.io/Connected",
                                        "status", "False",
                                        "reason", "Trouble",
                                        "message", "no  SPIRE",
                                        "lastTransitionTime", "2026-11-23T08:00:00Z")))));
        List<ClusterMachine> machines = ClusterMachine.of(
                List.of(
                        pod("n1", "hbone-agent", "hbone:1", said),
                        pod("n1", "hbone-node", "hbone:2", null),
                        pod("n2", "hbone-agent", "hbone:1", new MachineStanding(true, "fine")),
                        pod("n2", "hbone-node", "hbone:1", null),
                        pod("n3", "hbone-node", "hbone:1", null),
                        pod("n4", "hbone-operator", "hbone:1", null),
                        pod(null, "hbone-agent", "hbone:1", null)),
                "app.kubernetes.io/name");

        assertThat(machines).extracting(ClusterMachine::name).containsExactly("n1", "n2", "n3");
        assertThat(machines)
                .extracting(ClusterMachine::state)
                .containsExactly(
                        ClusterMachine.State.TROUBLED, ClusterMachine.State.CONNECTED, ClusterMachine.State.UNKNOWN);
        assertThat(machines).extracting(ClusterMachine::message).containsExactly("no  SPIRE", "fine", "");
        assertThat(machines).extracting(ClusterMachine::isSkewed).containsExactly(true, false, false);
    }

    private static Pod pod(String node, String component, String image, MachineStanding said) {
        PodBuilder pod = new PodBuilder()
                .withNewMetadata()
                .addToLabels("app.kubernetes.io/name", component)
                .endMetadata()
                .withNewSpec()
                .withNodeName(node)
                .addNewContainer()
                .withImage(image)
                .endContainer()
                .endSpec()
                .withNewStatus()
                .endStatus();
        if (said != null) {
            pod.editStatus()
                    .addNewCondition()
                    .withType(MachineStanding.CONDITION)
                    .withStatus(said.sound() ? "True" : "False")
                    .withMessage(said.message())
                    .endCondition()
                    .endStatus();
        }
        return pod.build();
    }
}
