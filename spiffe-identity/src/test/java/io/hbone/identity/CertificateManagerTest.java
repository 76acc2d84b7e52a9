package io.hbone.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.core.IdentitySource.Listener;
import io.hbone.core.SpiffeId;
import io.hbone.core.TrustBundle;
import io.hbone.core.TrustBundles;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.testing.ManualTime;
import io.hbone.identity.testing.RecordingObserver;
import io.hbone.identity.testing.TestAuthority;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CertificateManagerTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration SECOND = Duration.ofSeconds(1);
    /** In the middle of every jitter. */
    private static final RandomGenerator NO_JITTER = () -> 1L << 63;

    private static final TestAuthority CA = new TestAuthority("example.org", START);

    private final ManualTime time = new ManualTime(START);
    private final RecordingObserver observer = new RecordingObserver();
    private final FakeFetcher fetcher = new FakeFetcher();
    private final ManagedIdentitySource source = CertificateManager.builder(
                    fetcher, new SourceContext(time.clock(), time, NO_JITTER, observer))
            .build();
    private final WorkloadIdentity a = workload("a");

    @AfterEach
    void nobodyIsLeftWaiting() {
        source.close();
        time.run();
        assertThat(time.waiting()).isZero();
        assertThat(fetcher.closed).isTrue();
    }

    @Test
    void certificate_askedForByMany_isFetchedOnce() {
        List<CompletableFuture<WorkloadCertificate>> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            all.add(ask(a));
        }
        time.run();
        assertThat(fetcher.uids()).containsExactly("a");
        WorkloadCertificate issued = answer(HOUR);
        assertThat(all).allSatisfy(each -> assertThat(each).isCompletedWithValue(issued));
        assertThat(source.current(a)).isSameAs(issued);
        assertThat(ask(a)).isCompletedWithValue(issued);
        assertThat(fetcher.asked).isEmpty();
    }

    @Test
    void certificate_ofOneWhoWaits_cannotBeCompletedByHim() {
        CompletableFuture<WorkloadCertificate> impatient = ask(a);
        CompletableFuture<WorkloadCertificate> patient = ask(a);
        time.run();
        impatient.cancel(true);
        WorkloadCertificate issued = answer(HOUR);
        assertThat(patient).isCompletedWithValue(issued);
    }

    @Test
    void refresh_atHalfOfTheLifetime_replacesAndTellsListeners() {
        WorkloadCertificate first = obtain(a, HOUR);
        List<WorkloadCertificate> told = listen(a);
        assertThat(status().nextRefresh()).isEqualTo(START.plus(Duration.ofMinutes(30)));
        time.advance(Duration.ofMinutes(30).minus(SECOND));
        assertThat(fetcher.asked).isEmpty();
        time.advance(SECOND);
        assertThat(fetcher.uids()).containsExactly("a");
        assertThat(source.current(a)).isSameAs(first);
        WorkloadCertificate second = answer(HOUR);
        assertThat(source.current(a)).isSameAs(second);
        assertThat(told).containsExactly(second);
        assertThat(status().serial()).isEqualTo(second.serial());
        assertThat(status().notAfter()).isEqualTo(START.plus(Duration.ofMinutes(90)));
    }

    @Test
    void outage_keepsTheLastGoodOneUntilItIsOverAndNoLonger() {
        WorkloadCertificate first = obtain(a, HOUR);
        time.advance(Duration.ofMinutes(30));
        while (time.now().isBefore(first.notAfter())) {
            fetcher.asked.forEach(each -> each.answer().completeExceptionally(new IllegalStateException("no route")));
            fetcher.asked.clear();
            time.advance(SECOND);
            assertThat(source.current(a)).isSameAs(first);
            assertThat(ask(a)).isCompletedWithValue(first);
        }
        fetcher.asked.forEach(each -> each.answer().completeExceptionally(new IllegalStateException("no route")));
        fetcher.asked.clear();
        time.advance(SECOND);
        assertThat(source.current(a)).isNull();
        assertThat(observer.events("expiry")).hasSize(1);
        assertThat(observer.events("failure")).isNotEmpty().allMatch(event -> event.endsWith("no route"));
        assertThat(status().certificate()).isNull();
        assertThat(status().lastError())
                .contains("was valid until " + first.notAfter())
                .contains("no route");
    }

    @Test
    void current_afterItsEnd_isNothingEvenWhenNoTimerRan() {
        WorkloadCertificate first = obtain(a, HOUR);
        ManualTime asleep = new ManualTime(first.notAfter().plus(SECOND));
        assertThat(first.isValidAt(asleep.now())).isFalse();
        // The machine slept: its clock went on, its timers did not.
        SleepyClock sleepy = new SleepyClock();
        FakeFetcher other = new FakeFetcher();
        ManagedIdentitySource held = CertificateManager.builder(
                        other, new SourceContext(sleepy, time, NO_JITTER, observer))
                .build();
        sleepy.now = time.now();
        held.certificate(a);
        time.run();
        other.take()
                .answer()
                .complete(CA.issue(a.spiffeId(), time.now(), time.now().plus(HOUR)));
        time.run();
        assertThat(held.current(a)).isNotNull();
        sleepy.now = time.now().plus(HOUR).plus(SECOND);
        assertThat(held.current(a)).isNull();
        CompletableFuture<WorkloadCertificate> asked = held.certificate(a).toCompletableFuture();
        time.run();
        assertThat(asked).isNotDone();
        assertThat(other.uids()).containsExactly("a");
        held.close();
        time.run();
    }

    @Test
    void retry_isAfterOneSecondThenTwice_upTo150Seconds() {
        ask(a);
        time.run();
        List<Long> delays = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            fail("down");
            delays.add(Duration.between(time.now(), status().nextRefresh()).toSeconds());
            time.advance(Duration.between(time.now(), status().nextRefresh()));
        }
        assertThat(delays).containsExactly(1L, 2L, 4L, 8L, 16L, 32L, 64L, 128L, 150L, 150L);
        answer(HOUR);
        assertThat(status().lastError()).isNull();
        assertThat(status().nextRefresh()).isEqualTo(time.now().plus(Duration.ofMinutes(30)));
    }

    @Test
    void retry_isNeverLaterThanTheEndOfWhatIsHeld() {
        obtain(a, Duration.ofSeconds(20));
        time.advance(Duration.ofSeconds(10));
        for (int i = 0; i < 4; i++) {
            fail("down");
            assertThat(status().nextRefresh()).isBeforeOrEqualTo(START.plusSeconds(20));
            time.advance(Duration.between(time.now(), status().nextRefresh()));
        }
        assertThat(time.now()).isEqualTo(START.plusSeconds(20));
    }

    @Test
    void request_betweenRetries_getsTheLastErrorAtOnce() {
        CompletableFuture<WorkloadCertificate> first = ask(a);
        time.run();
        fail("the CA is on fire");
        assertFails(first, "the CA is on fire");
        CompletableFuture<WorkloadCertificate> second = ask(a);
        time.run();
        assertFails(second, "the CA is on fire");
        assertThat(fetcher.asked).isEmpty();
        time.advance(SECOND);
        CompletableFuture<WorkloadCertificate> third = ask(a);
        time.run();
        assertThat(third).isNotDone();
        assertThat(third).isNotCompleted();
        answer(HOUR);
        assertThat(third).isCompleted();
    }

    @Test
    void fetches_underWay_areAtMostEight() {
        for (int i = 0; i < 20; i++) {
            ask(workload("w" + i));
        }
        time.run();
        assertThat(fetcher.asked).hasSize(8);
        for (int i = 8; i < 20; i++) {
            answer(HOUR);
            assertThat(fetcher.asked).hasSize(8);
        }
        answer(HOUR);
        assertThat(fetcher.asked).hasSize(7);
    }

    @Test
    void queue_takesWaitingConnectionsThenPrefetchesThenRefreshes() {
        obtain(workload("refresh"), HOUR);
        time.advance(Duration.ofMinutes(30).minus(SECOND));
        fillSlots();
        time.advance(SECOND);
        source.prefetch(workload("warm"));
        ask(workload("urgent"));
        time.run();
        assertThat(nextUids(3)).containsExactly("urgent", "warm", "refresh");
    }

    @Test
    void queue_promotesAPrefetchThatAConnectionWaitsFor() {
        fillSlots();
        source.prefetch(workload("one"));
        source.prefetch(workload("two"));
        time.run();
        ask(workload("two"));
        time.run();
        assertThat(nextUids(2)).containsExactly("two", "one");
    }

    @Test
    void refresh_thatOthersOvertakeForTooLong_becomesUrgent() {
        obtain(workload("refresh"), Duration.ofSeconds(80));
        time.advance(Duration.ofSeconds(39));
        fillSlots();
        for (int i = 0; i < 100; i++) {
            source.prefetch(workload("warm" + i));
        }
        time.advance(SECOND);
        assertThat(nextUids(2)).containsExactly("warm0", "warm1");
        time.advance(Duration.ofSeconds(20));
        assertThat(nextUids(2)).containsExactly("refresh", "warm2");
    }

    @Test
    void prefetch_fetchesOnceAndIsHeld() {
        source.prefetch(a);
        source.prefetch(a);
        time.run();
        assertThat(fetcher.uids()).containsExactly("a");
        WorkloadCertificate issued = answer(HOUR);
        assertThat(source.current(a)).isSameAs(issued);
    }

    /** GAP in the fork (spec/cilium.md 6.5): the certificate of a pod that is gone is refreshed in vain for ever. */
    @Test
    void forget_dropsAtOnceAndFetchesNoMore() {
        obtain(a, HOUR);
        List<WorkloadCertificate> told = listen(a);
        source.forget(a);
        assertThat(source.current(a)).isNull();
        assertThat(source.identities()).isEmpty();
        time.advance(Duration.ofDays(1));
        assertThat(fetcher.asked).isEmpty();
        assertThat(told).isEmpty();
    }

    @Test
    void forget_whileUnderWay_failsWhoWaitsAndDiscardsTheLateCertificate() {
        CompletableFuture<WorkloadCertificate> waiting = ask(a);
        time.run();
        source.forget(a);
        time.run();
        assertFails(waiting, "the workload is gone");
        answer(HOUR);
        assertThat(source.current(a)).isNull();
        assertThat(source.identities()).isEmpty();
        assertThat(observer.events("discard")).containsExactly("discard a");
        assertThat(time.waiting()).isZero();
    }

    @Test
    void forget_whileQueued_neverFetches() {
        fillSlots();
        ask(a);
        time.run();
        source.forget(a);
        time.run();
        assertThat(nextUids(0)).isEmpty();
        answer(HOUR);
        assertThat(fetcher.uids()).doesNotContain("a");
    }

    @Test
    void otherUidOfTheSameIdentity_hasItsOwnCertificate() {
        WorkloadIdentity twin = new WorkloadIdentity("twin", a.spiffeId());
        WorkloadCertificate one = obtain(a, HOUR);
        WorkloadCertificate other = obtain(twin, HOUR);
        assertThat(one).isNotEqualTo(other);
        source.forget(a);
        assertThat(source.current(twin)).isSameAs(other);
    }

    @Test
    void certificateOfAnotherIdentity_isRefusedAndReported() {
        WorkloadCertificate good = obtain(a, HOUR);
        time.advance(Duration.ofMinutes(30));
        complete(CA.issue(workload("b").spiffeId(), time.now(), time.now().plus(HOUR)));
        assertThat(source.current(a)).isSameAs(good);
        assertThat(observer.events("refusal"))
                .singleElement()
                .asString()
                .contains("spiffe://example.org/ns/test/sa/b (expected: spiffe://example.org/ns/test/sa/a)");
        assertThat(status().lastError()).contains("a certificate was refused");
        assertThat(status().nextRefresh()).isEqualTo(time.now().plus(SECOND));
    }

    @Test
    void certificateOfTheFuture_isRefusedAsClockSkew() {
        CompletableFuture<WorkloadCertificate> waiting = ask(a);
        time.run();
        complete(CA.issue(a.spiffeId(), START.plusSeconds(60), START.plus(HOUR)));
        assertFails(waiting, "compare this machine's clock");
        assertThat(observer.events("refusal")).hasSize(1);
    }

    @Test
    void certificateThatIsOver_isRefused() {
        CompletableFuture<WorkloadCertificate> waiting = ask(a);
        time.run();
        complete(CA.issue(a.spiffeId(), START.minus(HOUR), START.minusSeconds(60)));
        assertFails(waiting, "was valid until");
    }

    @Test
    void certificateOfAnotherSigner_isRefused() {
        WorkloadCertificate good = obtain(a, HOUR);
        time.advance(Duration.ofMinutes(30));
        TestAuthority other = new TestAuthority("example.org", START);
        complete(CA.issue(a.spiffeId(), time.now(), time.now().plus(HOUR), other.bundles()));
        assertThat(observer.events("refusal"))
                .singleElement()
                .asString()
                .contains("does not lead to an authority of example.org");
        assertThat(source.current(a)).isSameAs(good);
    }

    @Test
    void certificateWithoutABundleOfItsTrustDomain_isRefused() {
        CompletableFuture<WorkloadCertificate> waiting = ask(a);
        time.run();
        complete(CA.issue(a.spiffeId(), START, START.plus(HOUR), TrustBundles.EMPTY));
        assertFails(waiting, "no authorities of example.org");
    }

    /** GAP in the fork (spec/cilium.md 6.5): a new root is only seen at each certificate's own refresh. */
    @Test
    void newRoot_thatOneRefreshBrings_isBelievedByAllAtOnce() {
        WorkloadIdentity b = workload("b");
        obtain(a, HOUR);
        time.advance(Duration.ofMinutes(10));
        obtain(b, HOUR);
        List<WorkloadCertificate> told = listen(b);
        WorkloadCertificate before = source.current(b);
        time.advance(Duration.ofMinutes(20));
        TestAuthority next = new TestAuthority("example.org", START);
        TrustBundles both = TrustBundles.of(new TrustBundle(CA.trustDomain(), List.of(CA.root(), next.root())));
        complete(CA.issue(a.spiffeId(), time.now(), time.now().plus(HOUR), both));
        time.advance(SECOND);
        assertThat(source.current(b)).isEqualTo(before.withBundles(both));
        assertThat(told).containsExactly(before.withBundles(both));
        assertThat(fetcher.asked).isEmpty();
    }

    @Test
    void fetcherThatThrows_isAFailureLikeOthers() {
        fetcher.defect = new IllegalStateException("defect");
        CompletableFuture<WorkloadCertificate> waiting = ask(a);
        time.run();
        assertFails(waiting, "defect");
        fetcher.defect = null;
        time.advance(SECOND);
        answer(HOUR);
        assertThat(source.current(a)).isNotNull();
    }

    @Test
    void fetcherThatNeverAnswers_losesItsSlotAfterAMinute() {
        CompletableFuture<WorkloadCertificate> waiting = ask(a);
        for (int i = 0; i < 7; i++) {
            ask(workload("w" + i));
        }
        ask(workload("last"));
        time.run();
        assertThat(fetcher.uids()).doesNotContain("last");
        time.advance(Duration.ofMinutes(1));
        assertFails(waiting, "did not answer");
        assertThat(fetcher.uids()).contains("last");
        FakeFetcher.Asked late = fetcher.take();
        late.answer().complete(CA.issue(late.workload().spiffeId(), START, START.plus(HOUR)));
        time.run();
        assertThat(source.current(a)).isNull();
    }

    @Test
    void listenerThatThrows_harmsNobody() {
        obtain(a, HOUR);
        source.subscribe(a, replacement -> {
            throw new IllegalStateException("defect");
        });
        List<WorkloadCertificate> told = listen(a);
        time.advance(Duration.ofMinutes(30));
        WorkloadCertificate second = answer(HOUR);
        assertThat(told).containsExactly(second);
    }

    @Test
    void observerThatThrows_harmsNobody() {
        FakeFetcher other = new FakeFetcher();
        IdentityObserver defective = new IdentityObserver() {
            @Override
            public void onCertificate(String name, WorkloadIdentity workload, WorkloadCertificate certificate) {
                throw new IllegalStateException("defect");
            }
        };
        ManagedIdentitySource held = CertificateManager.builder(
                        other, new SourceContext(time.clock(), time, NO_JITTER, defective))
                .build();
        CompletableFuture<WorkloadCertificate> waiting = held.certificate(a).toCompletableFuture();
        time.run();
        other.take().answer().complete(CA.issue(a.spiffeId(), START, START.plus(HOUR)));
        time.run();
        assertThat(waiting).isCompleted();
        held.close();
        time.run();
    }

    @Test
    void listener_hearsOfFailures() {
        obtain(a, HOUR);
        List<String> errors = new ArrayList<>();
        source.subscribe(a, new Listener() {
            @Override
            public void onRotated(WorkloadCertificate replacement) {}

            @Override
            public void onError(TunnelException error) {
                errors.add(error.getMessage());
            }
        });
        time.advance(Duration.ofMinutes(30));
        fail("no route");
        assertThat(errors).singleElement().asString().contains("no route").contains("sa/a (a)");
    }

    @Test
    void close_failsWhoWaitsAndAnswersNobodyAfter() {
        CompletableFuture<WorkloadCertificate> waiting = ask(a);
        time.run();
        source.close();
        time.run();
        assertThat(waiting).isCompletedExceptionally();
        assertFails(ask(a), "closed");
        assertThat(source.current(a)).isNull();
    }

    @Test
    void executorThatIsShutDown_failsRequestsInsteadOfHanging() {
        ManualTime gone = new ManualTime(START);
        ManagedIdentitySource held = CertificateManager.builder(
                        new FakeFetcher(), new SourceContext(gone.clock(), gone, NO_JITTER, observer))
                .build();
        gone.shutdown();
        assertThat(held.certificate(a).toCompletableFuture()).isCompletedExceptionally();
        held.close();
    }

    @Test
    void builder_refusesWhatMakesNoSense() {
        CertificateManager.Builder builder =
                CertificateManager.builder(fetcher, new SourceContext(time.clock(), time, NO_JITTER, observer));
        assertThatThrownBy(() -> builder.concurrentFetches(0)).hasMessageContaining("expected: >= 1");
        assertThatThrownBy(() -> builder.patience(Duration.ZERO)).hasMessageContaining("expected: more than zero");
    }

    private static WorkloadIdentity workload(String name) {
        return new WorkloadIdentity(name, SpiffeId.parseStrict("spiffe://example.org/ns/test/sa/" + name));
    }

    private CompletableFuture<WorkloadCertificate> ask(WorkloadIdentity workload) {
        return source.certificate(workload).toCompletableFuture();
    }

    private WorkloadCertificate obtain(WorkloadIdentity workload, Duration life) {
        CompletableFuture<WorkloadCertificate> asked = ask(workload);
        time.run();
        WorkloadCertificate issued = answer(life);
        assertThat(asked).isCompletedWithValue(issued);
        return issued;
    }

    /** Answers the oldest fetch. */
    private WorkloadCertificate answer(Duration life) {
        WorkloadCertificate issued = CA.issue(
                fetcher.asked.get(0).workload().spiffeId(),
                time.now(),
                time.now().plus(life));
        complete(issued);
        return issued;
    }

    private void complete(WorkloadCertificate certificate) {
        fetcher.take().answer().complete(certificate);
        time.run();
    }

    private void fail(String message) {
        fetcher.take().answer().completeExceptionally(new IllegalStateException(message));
        time.run();
    }

    private void fillSlots() {
        for (int i = 0; i < 8; i++) {
            ask(workload("slot" + i));
        }
        time.run();
        assertThat(fetcher.asked).hasSize(8);
    }

    /** Whose fetches begin when slots become free one after the other. */
    private List<String> nextUids(int count) {
        List<String> uids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            answer(Duration.ofDays(1));
            uids.add(fetcher.asked.get(fetcher.asked.size() - 1).workload().uid());
        }
        return uids;
    }

    private List<WorkloadCertificate> listen(WorkloadIdentity workload) {
        List<WorkloadCertificate> told = new ArrayList<>();
        source.subscribe(workload, told::add);
        return told;
    }

    private IdentityStatus status() {
        return source.identities().stream()
                .filter(status -> status.workload().equals(a))
                .findFirst()
                .orElseThrow();
    }

    private static void assertFails(CompletableFuture<WorkloadCertificate> asked, String text) {
        assertThatThrownBy(asked::join)
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOfSatisfying(TunnelException.class, e -> {
                    assertThat(e.error()).isEqualTo(TunnelError.CERTIFICATE_UNAVAILABLE);
                    assertThat(e.getMessage()).contains(text);
                });
    }

    private static final class SleepyClock extends java.time.Clock {
        private Instant now = START;

        @Override
        public java.time.ZoneId getZone() {
            return java.time.ZoneOffset.UTC;
        }

        @Override
        public java.time.Clock withZone(java.time.ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    }
}
