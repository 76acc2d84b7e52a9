package io.hbone.identity.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.core.IdentitySource.Subscription;
import io.hbone.core.SpiffeId;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.testing.FakeClock;
import io.hbone.identity.testing.RecordingListener;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DevCaIdentitySourceTest {

    private static final Duration LIFETIME = Duration.ofHours(2);
    private static final WorkloadIdentity WORKLOAD = new WorkloadIdentity("uid-1", DevCaTest.ID);

    /** The source's random numbers: the middle of the jitter. */
    private static final long NO_JITTER = 1L << 63;

    @TempDir
    private Path directory;

    private final FakeClock clock = FakeClock.create();
    private final RecordingListener listener = new RecordingListener();
    private DevCaIdentitySource source;

    @BeforeEach
    void open() throws Exception {
        DevCa ca = DevCa.open(directory.resolve("ca"), DevCaTest.TRUST_DOMAIN, clock);
        source = source(ca, () -> NO_JITTER);
    }

    private DevCaIdentitySource source(DevCa ca, RandomGenerator random) {
        return DevCaIdentitySource.builder(ca)
                .lifetime(LIFETIME)
                .clock(clock)
                .executor(clock.executor())
                .random(random)
                .build();
    }

    private WorkloadCertificate fetch() {
        CompletionStage<WorkloadCertificate> stage = source.certificate(WORKLOAD);
        clock.runDue();
        return stage.toCompletableFuture().join();
    }

    @Test
    void certificate_first_isIssuedOnTheExecutor() {
        CompletionStage<WorkloadCertificate> stage = source.certificate(WORKLOAD);

        assertThat(stage.toCompletableFuture()).isNotDone();
        assertThat(source.current(WORKLOAD)).isNull();
        clock.runDue();
        WorkloadCertificate issued = stage.toCompletableFuture().join();
        assertThat(issued.id()).isEqualTo(WORKLOAD.spiffeId());
        assertThat(source.current(WORKLOAD)).isSameAs(issued);
    }

    @Test
    void certificate_twoRequestsAtOnce_shareOneFetch() {
        CompletionStage<WorkloadCertificate> first = source.certificate(WORKLOAD);
        CompletionStage<WorkloadCertificate> second = source.certificate(WORKLOAD);
        assertThat(clock.pending()).isEqualTo(1);

        clock.runDue();

        assertThat(first.toCompletableFuture().join())
                .isSameAs(second.toCompletableFuture().join());
    }

    @Test
    void certificate_cancelledByOneWaiter_isThereForTheOther() {
        CompletionStage<WorkloadCertificate> first = source.certificate(WORKLOAD);
        CompletionStage<WorkloadCertificate> second = source.certificate(WORKLOAD);

        first.toCompletableFuture().cancel(true);
        clock.runDue();

        assertThat(second.toCompletableFuture()).isCompleted();
    }

    @Test
    void certificate_twoWorkloadsOfOneIdentity_haveTwo() {
        WorkloadCertificate first = fetch();
        CompletionStage<WorkloadCertificate> other =
                source.certificate(new WorkloadIdentity("uid-2", WORKLOAD.spiffeId()));
        clock.runDue();

        assertThat(other.toCompletableFuture().join()).isNotEqualTo(first);
    }

    @Test
    void certificate_atHand_isAnsweredAtOnce() {
        WorkloadCertificate issued = fetch();

        assertThat(source.certificate(WORKLOAD).toCompletableFuture()).isCompletedWithValue(issued);
    }

    @Test
    void renewal_happensAtHalfOfTheLife() {
        WorkloadCertificate first = fetch();
        source.subscribe(WORKLOAD, listener);
        // Its life began a minute before it was issued.
        Duration half = LIFETIME.plusMinutes(1).dividedBy(2).minusMinutes(1);
        assertThat(clock.untilNext()).isEqualTo(half);

        clock.advance(half.minusSeconds(1));
        assertThat(listener.rotated).isEmpty();
        clock.advance(Duration.ofSeconds(1));

        assertThat(listener.rotated).hasSize(1);
        assertThat(source.current(WORKLOAD)).isSameAs(listener.rotated.get(0)).isNotEqualTo(first);
    }

    @Test
    void renewal_isSpreadAroundTheHalf() throws Exception {
        DevCa ca = DevCa.open(directory.resolve("ca"), DevCaTest.TRUST_DOMAIN, clock);
        // The greatest number: all of the jitter.
        DevCaIdentitySource late = source(ca, () -> -1L);

        late.certificate(WORKLOAD);
        clock.runDue();

        assertThat(clock.untilNext()).isBetween(Duration.ofMinutes(65), Duration.ofMinutes(66));
    }

    @Test
    void renewal_goesOnForDays() {
        fetch();
        source.subscribe(WORKLOAD, listener);

        clock.advance(Duration.ofDays(3));

        assertThat(listener.rotated).hasSize(72);
        assertThat(source.current(WORKLOAD)).isNotNull();
    }

    @Test
    void subscribe_certificateAtHand_isNotReported() {
        fetch();

        source.subscribe(WORKLOAD, listener);

        assertThat(listener.rotated).isEmpty();
    }

    @Test
    void subscription_closed_hearsNothingAndMayBeClosedAgain() {
        fetch();
        Subscription subscription = source.subscribe(WORKLOAD, listener);
        RecordingListener other = new RecordingListener();
        source.subscribe(WORKLOAD, other);

        subscription.close();
        subscription.close();
        clock.advance(LIFETIME);

        assertThat(listener.rotated).isEmpty();
        assertThat(other.rotated).isNotEmpty();
    }

    @Test
    void listener_thatFails_keepsNobodyFromHearing() {
        fetch();
        source.subscribe(WORKLOAD, replacement -> {
            throw new IllegalStateException("a defect");
        });
        source.subscribe(WORKLOAD, listener);

        clock.advance(LIFETIME.dividedBy(2));

        assertThat(listener.rotated).hasSize(1);
    }

    @Test
    void certificate_expiredWhileTheMachineSlept_isNotHandedOut() {
        WorkloadCertificate first = fetch();

        clock.jump(LIFETIME.plusSeconds(1));

        assertThat(source.current(WORKLOAD)).isNull();
        CompletionStage<WorkloadCertificate> stage = source.certificate(WORKLOAD);
        assertThat(stage.toCompletableFuture()).isNotDone();
        clock.runDue();
        assertThat(stage.toCompletableFuture().join()).isNotEqualTo(first);
    }

    @Test
    void certificate_ofAForeignTrustDomain_failsAndIsTriedAgainLater() {
        WorkloadIdentity foreign = new WorkloadIdentity("u", SpiffeId.parse("spiffe://other/ns/a/sa/b"));
        source.subscribe(foreign, listener);

        CompletionStage<WorkloadCertificate> stage = source.certificate(foreign);
        clock.runDue();

        assertThatThrownBy(() -> stage.toCompletableFuture().join())
                .hasCauseInstanceOf(TunnelException.class)
                .cause()
                .hasMessageStartingWith("identity error: spiffe://other/ns/a/sa/b (u): trust domain of")
                .extracting(e -> ((TunnelException) e).error())
                .isEqualTo(TunnelError.CERTIFICATE_UNAVAILABLE);
        assertThat(listener.errors).hasSize(1);
        // While it waits for the next attempt, who asks is told the last error.
        CompletionStage<WorkloadCertificate> another = source.certificate(foreign);
        clock.runDue();
        assertThat(another.toCompletableFuture()).isCompletedExceptionally();
        // A second without the jitter, then twice that each time, up to 150 s.
        assertThat(clock.untilNext()).isEqualTo(Duration.ofSeconds(1));
        clock.advance(Duration.ofSeconds(1));
        assertThat(clock.untilNext()).isEqualTo(Duration.ofSeconds(2));
        clock.advance(Duration.ofHours(1));
        assertThat(clock.untilNext()).isLessThanOrEqualTo(Duration.ofSeconds(150));
        assertThat(listener.errors).hasSizeBetween(25, 40);
    }

    @Test
    void forget_workload_dropsItsCertificateAndItsRenewals() {
        fetch();
        source.subscribe(WORKLOAD, listener);

        source.forget(WORKLOAD);

        assertThat(source.current(WORKLOAD)).isNull();
        clock.runDue();
        assertThat(clock.pending()).isZero();
        assertThat(listener.rotated).isEmpty();
    }

    @Test
    void identities_tellWhatIsHeldAndWhenItIsRenewed() {
        WorkloadCertificate issued = fetch();

        assertThat(source.name()).isEqualTo("dev-ca");
        assertThat(source.identities()).singleElement().satisfies(status -> {
            assertThat(status.workload()).isEqualTo(WORKLOAD);
            assertThat(status.source()).isEqualTo("dev-ca");
            assertThat(status.certificate()).isEqualTo(issued);
            assertThat(status.nextRefresh()).isEqualTo(clock.instant().plus(clock.untilNext()));
            assertThat(status.lastError()).isNull();
        });
    }

    @Test
    void forget_whileItIsFetched_holdsNothing() {
        CompletionStage<WorkloadCertificate> stage = source.certificate(WORKLOAD);

        source.forget(WORKLOAD);
        clock.runDue();

        assertThat(stage.toCompletableFuture()).isCompletedExceptionally();
        assertThat(source.current(WORKLOAD)).isNull();
        assertThat(clock.pending()).isZero();
    }

    @Test
    void close_endsEverything() {
        fetch();

        source.close();
        clock.runDue();

        assertThat(clock.pending()).isZero();
        assertThat(source.current(WORKLOAD)).isNull();
        assertThat(source.certificate(WORKLOAD).toCompletableFuture()).isCompletedExceptionally();
    }

    @Test
    void certificate_executorGone_fails() {
        clock.executor().shutdownNow();

        assertThat(source.certificate(WORKLOAD).toCompletableFuture()).isCompletedExceptionally();
    }
}
