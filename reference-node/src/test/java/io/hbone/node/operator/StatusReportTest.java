package io.hbone.node.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.enrollment.kubernetes.ClusterMachine;
import io.hbone.enrollment.kubernetes.ClusterPods;
import io.hbone.enrollment.operator.ClusterStatus;
import io.hbone.enrollment.operator.ClusterStatus.Standing;
import io.hbone.enrollment.operator.ClusterStatus.State;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class StatusReportTest {
    private static final ClusterPods NO_PODS = new ClusterPods(List.of(), List.of(), new TreeMap<>(), List.of());
    private static final Instant NOW = Instant.parse("2026-11-23T01:00:00Z");

    @Test
    void whatIsWrong_isSaidBeforeWhatIsGood() {
        ClusterStatus status = status(
                NOW.minusSeconds(3),
                new Standing("bank", State.REGISTERED, "2 of 2 service accounts have an entry at the SPIRE server"),
                new Standing("late", State.PENDING, ""),
                new Standing("shop", State.FAILED, "no connection to the SPIRE server"));
        ClusterPods pods = new ClusterPods(
                List.of(
                        new ClusterPods.Standing("bank", "a", "n1", ClusterPods.State.ENROLLED, "fine"),
                        new ClusterPods.Standing("bank", "b", "n1", ClusterPods.State.PENDING, "no node"),
                        new ClusterPods.Standing("bank", "c", "n2", ClusterPods.State.FAILED, "no \u001biptables")),
                List.of(
                        new ClusterPods.OptedOut("bank", "d", "n2", "label io.cilium/mtls-enabled=false on the pod"),
                        new ClusterPods.OptedOut("bank", "e", "", "host network")),
                new TreeMap<>(Map.of("hbone-agent", new TreeSet<>(Set.of("hbone:1", "hbone:2")))),
                List.of(
                        machine("n1", ClusterMachine.State.CONNECTED, "fine", "hbone:1"),
                        machine("n2", ClusterMachine.State.TROUBLED, "no connection to \u001bSPIRE", "hbone:1"),
                        machine("n3", ClusterMachine.State.CONNECTED, "fine", "hbone:1", "hbone:2"),
                        machine("n4", ClusterMachine.State.UNKNOWN, "", "hbone:2")));

        assertThat(StatusReport.text(status, pods, NOW, false)).isEqualTo("""
                        NOT GOOD: 1 namespaces registered, 1 pending, 1 failed
                        operator: op-1 leads
                        pods: 1 enrolled, 1 pending, 1 failed, 2 opted out
                        versions DIFFER: {hbone-agent=[hbone:1, hbone:2]}
                        machines: 2 connected, 1 troubled, 1 unknown
                        troubled   machine n2: {hbone-agent=[hbone:1]}: no connection to  SPIRE
                        connected  machine n3: versions DIFFER: {hbone-agent=[hbone:1, hbone:2]}: fine
                        unknown    machine n4: {hbone-agent=[hbone:2]}
                        failed     pod bank/c on n2: no  iptables
                        pending    pod bank/b on n1: no node
                        failed     shop: no connection to the SPIRE server
                        pending    late
                        registered bank: 2 of 2 service accounts have an entry at the SPIRE server
                        """);
        assertThat(StatusReport.text(status, pods, NOW, true))
                .contains("connected  machine n1: {hbone-agent=[hbone:1]}: fine\n")
                .endsWith("""
                        out        pod bank/d on n2: label io.cilium/mtls-enabled=false on the pod
                        out        pod bank/e: host network
                        """);
        assertThat(StatusReport.json(status, pods, NOW))
                .startsWith("{\"good\":false,\"led\":true,\"leader\":\"op-1\",\"namespaces\":[{\"name\":\"bank\"")
                .contains("\"optedOut\":[{\"namespace\":\"bank\",\"name\":\"d\",\"node\":\"n2\","
                        + "\"why\":\"label io.cilium/mtls-enabled=false on the pod\"}")
                .contains("{\"name\":\"late\",\"state\":\"pending\",\"message\":\"\"}");
    }

    @Test
    void podThatIsNotEnrolled_isNotGoodHoweverTheNamespacesStand() {
        ClusterStatus status = status(NOW.minusSeconds(3), new Standing("bank", State.REGISTERED, ""));
        ClusterPods pending = new ClusterPods(
                List.of(new ClusterPods.Standing("bank", "b", "n1", ClusterPods.State.PENDING, "no node")),
                List.of(),
                new TreeMap<>(),
                List.of());
        assertThat(StatusReport.isGood(status, pending, NOW)).isFalse();
    }

    @Test
    void machineInTrouble_isNotGood_andOneThatSaysNothingIs() {
        ClusterStatus status = status(NOW.minusSeconds(3), new Standing("bank", State.REGISTERED, ""));
        for (ClusterMachine.State state : ClusterMachine.State.values()) {
            ClusterPods pods = new ClusterPods(
                    List.of(), List.of(), new TreeMap<>(), List.of(machine("n1", state, "", "hbone:1")));
            assertThat(StatusReport.isGood(status, pods, NOW)).isEqualTo(state != ClusterMachine.State.TROUBLED);
            assertThat(StatusReport.json(status, pods, NOW))
                    .contains("\"machines\":[{\"name\":\"n1\",\"state\":\"" + state + "\",\"images\":");
        }
    }

    private static ClusterMachine machine(String name, ClusterMachine.State state, String message, String... images) {
        return new ClusterMachine(
                name, new TreeMap<>(Map.of("hbone-agent", new TreeSet<>(Set.of(images)))), state, message);
    }

    @Test
    void operatorThatLeads_andAllRegistered_isGood() {
        ClusterStatus status = status(NOW.minusSeconds(3), new Standing("bank", State.REGISTERED, ""));

        assertThat(StatusReport.isGood(status, NO_PODS, NOW)).isTrue();
        assertThat(StatusReport.text(status, NO_PODS, NOW, false)).startsWith("good: 1 namespaces registered");
    }

    @Test
    void leaseThatIsOver_isNotGoodHoweverTheNamespacesStand() {
        ClusterStatus over = status(NOW.minusSeconds(16), new Standing("bank", State.REGISTERED, ""));
        ClusterStatus never = new ClusterStatus("", null, Duration.ZERO, List.of());

        assertThat(over.isGood(NOW)).isFalse();
        assertThat(StatusReport.text(over, NO_PODS, NOW, false))
                .contains("none leads; the last one said so at 2026-11-23T00:59:44Z");
        assertThat(StatusReport.text(never, NO_PODS, NOW, false)).contains("none has ever led");
    }

    private static ClusterStatus status(Instant renewed, Standing... namespaces) {
        return new ClusterStatus("op-1", renewed, Duration.ofSeconds(15), List.of(namespaces));
    }
}
