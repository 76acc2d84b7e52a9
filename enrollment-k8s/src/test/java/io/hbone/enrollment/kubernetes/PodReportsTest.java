package io.hbone.enrollment.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.hbone.enrollment.EnrollmentStatus;
import io.hbone.enrollment.EnrollmentStatus.State;
import io.hbone.enrollment.LocalWorkload;
import io.hbone.enrollment.directory.DirectorySettings;
import io.hbone.enrollment.directory.PodWorkloads;
import io.hbone.enrollment.testing.ManualSchedule;
import io.hbone.xds.model.Locality;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@EnableKubernetesMockClient(crud = true, https = false)
class PodReportsTest {
    KubernetesClient client;

    private final ManualSchedule time = new ManualSchedule();
    private final ManualClock clock = new ManualClock();
    private KubernetesWorkloads workloads;
    private LocalWorkload workload;
    private PodReports reports;

    /** What was written, one after another; null for taken back. */
    private final List<Optional<PodStanding>> written = new ArrayList<>();

    @BeforeEach
    void start() {
        client.resource(new PodBuilder()
                        .withNewMetadata()
                        .withNamespace("shop")
                        .withName("a")
                        .addToLabels(MeshLabels.CILIUM, "true")
                        .endMetadata()
                        .withNewSpec()
                        .withNodeName("n1")
                        .endSpec()
                        .withNewStatus()
                        .withPhase("Running")
                        .addNewCondition()
                        .withType("Ready")
                        .withStatus("True")
                        .endCondition()
                        .addNewPodIP()
                        .withIp("10.0.0.1")
                        .endPodIP()
                        .endStatus()
                        .build())
                .create();
        PodWorkloads pods = new PodWorkloads(DirectorySettings.STANDARD);
        workloads = new KubernetesWorkloads(
                client,
                client.pods().inAnyNamespace(),
                "n1",
                (pod, labels) -> pods.workload(pod, labels, Locality.UNKNOWN));
        workloads.start(() -> {});
        await().until(() -> workloads.workloads().size() == 1);
        workload = workloads.workloads().iterator().next();
        reports = reports();
    }

    /** The API server of the test knows no strategic merges; that patches do what they should, a peer test holds. */
    private PodReports reports() {
        return new PodReports(
                client,
                (pod, standing, since) -> {
                    assertThat(pod.getMetadata().getUid()).isEqualTo(workload.uid());
                    written.add(Optional.ofNullable(standing));
                },
                "n1",
                workloads,
                time,
                clock,
                new Random(7));
    }

    private PodStanding told() {
        return written.isEmpty() ? null : written.get(written.size() - 1).orElse(null);
    }

    @AfterEach
    void close() {
        workloads.close();
    }

    private void is(State state, String error) {
        reports.changed(
                new EnrollmentStatus(workload, state, clock.instant(), "writing rules", 1, error, clock.instant()));
        time.pass(Duration.ZERO);
    }

    private void pass(Duration duration) {
        clock.now = clock.now.plus(duration);
        time.pass(duration);
    }

    private List<Event> events() {
        return client.events().v1().events().inNamespace("shop").list().getItems();
    }

    @Test
    void enrolledPod_saysSo_withOneEvent_andTakesItBackWhenItLeaves() {
        is(State.ENROLLED, null);
        assertThat(told()).isEqualTo(new PodStanding(true, "Enrolled", "TCP goes through the node"));
        assertThat(events()).singleElement().satisfies(event -> {
            assertThat(event.getReason()).isEqualTo("Enrolled");
            assertThat(event.getType()).isEqualTo("Normal");
            assertThat(event.getRegarding().getUid()).isEqualTo(workload.uid());
            assertThat(event.getReportingInstance()).isEqualTo("n1");
        });
        pass(Duration.ofSeconds(5));
        is(State.NOT_ENROLLED, null);
        assertThat(told()).isNull();
        assertThat(events()).hasSize(1);
    }

    @Test
    void podThatFails_saysWhy_withAWarning() {
        is(State.FAILED, "no iptables\u001b[31m");
        assertThat(told()).isEqualTo(new PodStanding(false, "EnrollmentFailed", "no iptables [31m"));
        assertThat(events()).singleElement().satisfies(event -> {
            assertThat(event.getType()).isEqualTo("Warning");
            assertThat(event.getNote()).isEqualTo("no iptables [31m");
        });
    }

    /** Else others would send it plaintext, because its own node is in trouble. */
    @Test
    void enrolledPodThatIsInTrouble_isStillReachedByHbone() {
        assertThat(annotations(new PodStanding(true, "Enrolled", "")))
                .isEqualTo("{annotations={ambient.istio.io/redirection=enabled}, uid=u}");
        assertThat(annotations(new PodStanding(false, "EnrollmentFailed", ""))).isEqualTo("{annotations={}, uid=u}");
        assertThat(annotations(new PodStanding(false, "Leaving", "")))
                .isEqualTo("{annotations={ambient.istio.io/redirection=null}, uid=u}");
        assertThat(annotations(null)).isEqualTo("{annotations={ambient.istio.io/redirection=null}, uid=u}");
    }

    private static String annotations(PodStanding standing) {
        return new TreeMap<>((Map<?, ?>) PodStanding.patch("u", standing, "").get("metadata")).toString();
    }

    @Test
    void whatIsSoForAMoment_isNotTold() {
        is(State.ENROLLING, null);
        pass(Duration.ofSeconds(1));
        is(State.ENROLLED, null);
        pass(Duration.ofSeconds(10));
        assertThat(written).hasSize(1);
        assertThat(events()).extracting(Event::getReason).containsExactly("Enrolled");
    }

    @Test
    void whatLasts_isTold() {
        is(State.WAITING_FOR_NODE, null);
        assertThat(told()).isNull();
        pass(Duration.ofSeconds(2));
        assertThat(told()).extracting(PodStanding::reason).isEqualTo("WaitingForNode");
        assertThat(events()).isEmpty();
    }

    @Test
    void podThatChangesAllTheTime_isToldOfOnceASecond_andLastlyAsItIs() {
        for (int i = 0; i < 50; i++) {
            is(i % 2 == 0 ? State.ENROLLED : State.NOT_ENROLLED, null);
            pass(Duration.ofMillis(100));
        }
        pass(Duration.ofSeconds(5));
        assertThat(told()).isNull();
        assertThat(written).as("in five seconds").hasSizeLessThan(8);
    }

    /** The next agent finds what its predecessor told. */
    @Test
    void agentThatStartsAnew_repeatsNothing() {
        client.pods()
                .inNamespace("shop")
                .withName("a")
                .edit(pod -> new PodBuilder(pod)
                        .editStatus()
                        .addNewCondition()
                        .withType("hbone.io/Enrolled")
                        .withStatus("True")
                        .withReason("Enrolled")
                        .withMessage("TCP goes through the node")
                        .endCondition()
                        .endStatus()
                        .build());
        await().until(() -> PodStanding.of(workloads.pod(workload)) != null);
        is(State.ENROLLED, null);
        assertThat(written).isEmpty();
        assertThat(events()).isEmpty();
    }

    @Test
    void sameFailureAgain_isCountedAtTheFirstEvent_andManyAreLeftOut() {
        for (int i = 0; i < 4; i++) {
            is(State.FAILED, "no iptables");
            pass(Duration.ofSeconds(2));
            is(State.NOT_ENROLLED, null);
            pass(Duration.ofSeconds(2));
        }
        assertThat(events())
                .singleElement()
                .satisfies(event -> assertThat(event.getSeries().getCount()).isEqualTo(4));
        for (int i = 0; i < 20; i++) {
            is(State.FAILED, "reason " + i);
            pass(Duration.ofSeconds(1));
            is(State.NOT_ENROLLED, null);
            pass(Duration.ofSeconds(1));
        }
        assertThat(events()).hasSizeLessThan(6);
    }

    @Test
    void podThatHasGone_isNotSpokenOf() {
        client.pods().inNamespace("shop").withName("a").delete();
        await().until(() -> workloads.pod(workload) == null);
        is(State.ENROLLED, null);
        assertThat(events()).isEmpty();
        reports.forgotten(workload);
        time.pass(Duration.ZERO);
    }

    private static final class ManualClock extends Clock {
        private Instant now = Instant.parse("2026-01-01T00:00:00Z");

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    }
}
