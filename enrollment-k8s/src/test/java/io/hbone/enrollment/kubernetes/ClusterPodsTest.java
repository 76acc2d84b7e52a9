package io.hbone.enrollment.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.hbone.enrollment.kubernetes.ClusterPods.Standing;
import io.hbone.enrollment.kubernetes.ClusterPods.State;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClusterPodsTest {
    private static PodBuilder pod(String name) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("shop")
                .withName(name)
                .addToLabels("app.kubernetes.io/name", "hbone-agent")
                .endMetadata()
                .withNewSpec()
                .withNodeName("n1")
                .addNewContainer()
                .withImage("hbone:" + name)
                .endContainer()
                .endSpec();
    }

    private static Pod pod(String name, String status, String reason, String message) {
        return pod(name)
                .withNewStatus()
                .addNewCondition()
                .withType("hbone.io/Enrolled")
                .withStatus(status)
                .withReason(reason)
                .withMessage(message)
                .endCondition()
                .endStatus()
                .build();
    }

    @Test
    void pods_standAsTheirAgentsSay() {
        Pod host = pod("host").editSpec().withHostNetwork(true).endSpec().build();
        Pod unscheduled = pod("later").editSpec().withNodeName(null).endSpec().build();
        ClusterPods pods = ClusterPods.of(
                List.of(
                        pod("in", "True", "Enrolled", "fine"),
                        pod("bad", "False", "EnrollmentFailed", "no iptables"),
                        pod("wait", "False", "WaitingForNode", "no node"),
                        pod("mute").build(),
                        unscheduled,
                        host),
                List.of());
        assertThat(pods.pods())
                .containsExactly(
                        new Standing("shop", "bad", "n1", State.FAILED, "no iptables"),
                        new Standing("shop", "in", "n1", State.ENROLLED, "fine"),
                        new Standing("shop", "later", "", State.PENDING, "not scheduled yet"),
                        new Standing(
                                "shop",
                                "mute",
                                "n1",
                                State.PENDING,
                                "no agent has told of it (expected: hbone agent on n1)"),
                        new Standing("shop", "wait", "n1", State.PENDING, "no node"));
        assertThat(pods.isGood()).isFalse();
        assertThat(ClusterPods.of(List.of(pod("in", "True", "Enrolled", "")), List.of())
                        .isGood())
                .isTrue();
    }

    @Test
    void severalImages_areSkew() {
        assertThat(ClusterPods.of(List.of(), List.of(pod("1").build(), pod("1").build()))
                        .isSkewed())
                .isFalse();
        ClusterPods skewed = ClusterPods.of(List.of(), List.of(pod("1").build(), pod("2").build()));
        assertThat(skewed.isSkewed()).isTrue();
        assertThat(skewed.images().get("hbone-agent")).containsExactly("hbone:1", "hbone:2");
    }
}
