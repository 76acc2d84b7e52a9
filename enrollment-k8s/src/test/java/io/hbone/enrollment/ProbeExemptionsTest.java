package io.hbone.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.SpiffeId;
import io.hbone.enrollment.EnrollmentStatus.State;
import io.hbone.enrollment.rules.RedirectException;
import io.hbone.xds.model.Workload;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ProbeExemptionsTest {
    private static final Duration VERIFY = Duration.ofSeconds(30);

    private final ManualTime time = new ManualTime();
    private final List<Set<String>> applied = new ArrayList<>();
    private boolean broken;
    private final ProbeExemptions exemptions = new ProbeExemptions(this::apply, time, VERIFY);

    private void apply(Set<InetAddress> pods) throws RedirectException {
        Set<String> texts = new HashSet<>();
        pods.forEach(pod -> texts.add(pod.getHostAddress()));
        applied.add(texts);
        if (broken) {
            throw new RedirectException("nft is out", null);
        }
    }

    private static LocalWorkload pod(String address) {
        SpiffeId id = SpiffeId.parseStrict("spiffe://cluster.local/ns/shop/sa/cart");
        try {
            return new LocalWorkload(
                    Workload.builder("uid-" + address, "pod", id)
                            .enrolled(true)
                            .addresses(List.of(InetAddress.getByName(address)))
                            .build(),
                    new NetworkReference.Named("pod"));
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private void stands(String address, State state) {
        exemptions.changed(new EnrollmentStatus(pod(address), state, Instant.EPOCH, "", 0, null, null));
        time.settle();
    }

    /** Until then what the agent before has left is the best that is known. */
    @Test
    void nothing_isWritten_beforeAllIsKnown() {
        stands("10.0.0.1", State.ENROLLED);
        stands("10.0.0.2", State.WAITING_FOR_NODE);
        stands("10.0.0.3", State.NOT_ENROLLED);
        assertThat(applied).isEmpty();

        exemptions.seeded();
        time.settle();

        assertThat(applied).containsExactly(Set.of("10.0.0.1", "10.0.0.2"));
    }

    @ParameterizedTest
    @EnumSource
    void workload_isExempt_whereItsRulesMayBe(State state) {
        exemptions.seeded();
        stands("10.0.0.1", state);

        boolean exempt =
                switch (state) {
                    case ENROLLING, WAITING_FOR_NODE, ENROLLED, FAILED -> true;
                    case NOT_ENROLLED, WAITING_FOR_NETWORK, LEAVING, DRAINING -> false;
                };
        assertThat(applied.get(applied.size() - 1)).isEqualTo(exempt ? Set.of("10.0.0.1") : Set.of());
    }

    @Test
    void workloadThatLeaves_orIsGone_isNot() {
        exemptions.seeded();
        stands("10.0.0.1", State.ENROLLED);
        stands("10.0.0.2", State.ENROLLED);
        stands("10.0.0.1", State.LEAVING);
        exemptions.forgotten(pod("10.0.0.2"));
        time.settle();

        assertThat(applied)
                .containsExactly(Set.of("10.0.0.1"), Set.of("10.0.0.1", "10.0.0.2"), Set.of("10.0.0.2"), Set.of());
    }

    @Test
    void whatChangesNothing_isNotWritten_andManyChangesAreWrittenOnce() {
        exemptions.seeded();
        for (int i = 1; i < 100; i++) {
            exemptions.changed(
                    new EnrollmentStatus(pod("10.0.0." + i), State.ENROLLING, Instant.EPOCH, "", 0, null, null));
        }
        time.settle();
        stands("10.0.0.1", State.ENROLLED);

        assertThat(applied).hasSize(1);
        assertThat(applied.get(0)).hasSize(99);
    }

    @Test
    void whatIsThere_isLookedAtAgain_andAfterAFailureSooner() {
        exemptions.seeded();
        stands("10.0.0.1", State.ENROLLED);
        applied.clear();

        time.advance(VERIFY);
        assertThat(applied).containsExactly(Set.of("10.0.0.1"));

        broken = true;
        time.advance(VERIFY);
        broken = false;
        applied.clear();
        time.advance(ProbeExemptions.RETRY);
        assertThat(applied).containsExactly(Set.of("10.0.0.1"));
        time.advance(ProbeExemptions.RETRY);
        assertThat(applied).hasSize(1);
    }
}
