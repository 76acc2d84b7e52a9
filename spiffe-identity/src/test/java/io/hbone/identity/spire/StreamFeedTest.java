package io.hbone.identity.spire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.hbone.core.IdentitySource.Listener;
import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.IdentityStatus;
import io.hbone.identity.SourceContext;
import io.hbone.identity.internal.HeldCertificates;
import io.hbone.identity.testing.ManualTime;
import io.hbone.identity.testing.RecordingObserver;
import io.hbone.identity.testing.TestAuthority;
import java.security.KeyPair;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What becomes of an agent's messages, each line of spec/spire.md 1.6 and of the bad input that an agent can send. */
class StreamFeedTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final RandomGenerator NO_JITTER = () -> 1L << 63;
    private static final TestAuthority CA = new TestAuthority("example.org", START);
    private static final TestAuthority PARTNER = new TestAuthority("partner.test", START);

    private final ManualTime time = new ManualTime(START);
    private final RecordingObserver observer = new RecordingObserver();
    private final FakeOpener agent = new FakeOpener();
    private final HeldCertificates source = new HeldCertificates(
            "fake",
            new SourceContext(time.clock(), time, NO_JITTER, observer),
            (actor, witness) -> new StreamFeed(
                    agent,
                    agent::openBundles,
                    StreamTimes.STANDARD,
                    new SourceContext(time.clock(), time, NO_JITTER, observer),
                    actor,
                    witness));
    private final WorkloadIdentity a = workload("a", "uid-a");

    @AfterEach
    void everythingIsReleased() {
        source.close();
        time.run();
        assertThat(time.waiting()).isZero();
        assertThat(agent.closed).isTrue();
        assertThat(agent.svidCalls).allMatch(call -> call.cancelled);
        assertThat(agent.bundleCalls).allMatch(call -> call.cancelled);
    }

    @Test
    void svidAndBundles_inEitherOrder_makeACertificate() {
        CompletableFuture<WorkloadCertificate> waiting = ask(a);
        say(svid("a"));
        assertThat(waiting).isNotDone();
        sayBundles(CA);
        assertThat(waiting).isCompleted();

        CompletableFuture<WorkloadCertificate> other = ask(workload("b", "uid-b"));
        say(svid("b"));
        assertThat(other).isCompleted();
        assertThat(agent.bundleCalls).hasSize(1);
    }

    @Test
    void push_replacesAtOnceAndTellsListeners() {
        WorkloadCertificate first = obtain(a);
        List<WorkloadCertificate> told = listen(a);
        say(svid("a"));
        assertThat(source.current(a)).isNotEqualTo(first);
        assertThat(told).containsExactly(source.current(a));
    }

    @Test
    void push_ofTheSameSvid_tellsNobody() {
        ask(a);
        sayBundles(CA);
        Svid svid = svid("a");
        say(svid);
        List<WorkloadCertificate> told = listen(a);
        WorkloadCertificate first = source.current(a);
        say(svid);
        say(svid);
        assertThat(told).isEmpty();
        assertThat(source.current(a)).isSameAs(first);
        assertThat(observer.events("certificate")).hasSize(1);
    }

    @Test
    void workloadsOfOneSubject_shareAStream() {
        WorkloadIdentity twin = workload("a", "uid-twin");
        obtain(a);
        CompletableFuture<WorkloadCertificate> second = ask(twin);
        assertThat(second).isCompleted();
        assertThat(agent.svidCalls).hasSize(1);
        source.forget(a);
        time.run();
        assertThat(agent.svids().cancelled).isFalse();
        assertThat(source.current(twin)).isNotNull();
        source.forget(twin);
        time.run();
        assertThat(agent.svids().cancelled).isTrue();
    }

    @Test
    void severalSvids_theOneOfTheExpectedIdIsTaken() {
        ask(a);
        sayBundles(CA);
        say(svid("0-before"), svid("a"), svid("z-after"));
        assertThat(source.current(a).id()).isEqualTo(a.spiffeId());
    }

    @Test
    void severalSvidsOfTheExpectedId_theFirstThatIsOfUseIsTaken() {
        ask(a);
        sayBundles(CA);
        Svid good = svid("a");
        say(new Svid(good.spiffeId(), good.chain(), ByteString.copyFromUtf8("no key"), ByteString.EMPTY), good);
        assertThat(source.current(a)).isNotNull();
        assertThat(observer.events("refusal")).isEmpty();
    }

    @Test
    void svidOfAnotherIdentity_isRefusedAndReported() {
        CompletableFuture<WorkloadCertificate> waiting = ask(a);
        sayBundles(CA);
        say(svid("b"));
        assertFails(waiting, "the agent gave \"spiffe://example.org/ns/test/sa/b\" for subject");
        assertThat(observer.events("refusal")).singleElement().asString().contains("(expected: " + a.spiffeId());
    }

    /** The agent says one id beside the certificate of another: only the certificate counts. */
    @Test
    void svidThatIsLabelledWithTheExpectedId_butIsAnothers_isRefused() {
        CompletableFuture<WorkloadCertificate> waiting = ask(a);
        sayBundles(CA);
        Svid other = svid("b");
        say(new Svid(a.spiffeId().toString(), other.chain(), other.key(), ByteString.EMPTY));
        assertFails(waiting, "it is of spiffe://example.org/ns/test/sa/b (expected: " + a.spiffeId());
        assertThat(observer.events("refusal")).hasSize(1);
    }

    @Test
    void emptyFirstUpdate_isWaitedOutForAnEntryThatIsOnItsWay() {
        CompletableFuture<WorkloadCertificate> waiting = ask(a);
        sayBundles(CA);
        say();
        time.advance(Duration.ofSeconds(6));
        assertThat(waiting).isNotDone();
        say(svid("a"));
        assertThat(waiting).isCompleted();
    }

    @Test
    void emptyUpdate_thatStaysEmpty_saysWhichEntryIsMissing() {
        CompletableFuture<WorkloadCertificate> waiting = ask(a);
        sayBundles(CA);
        say();
        time.advance(Duration.ofSeconds(10));
        assertFails(waiting, "the agent has no SVID for subject");
        CompletableFuture<WorkloadCertificate> next = ask(a);
        assertFails(next, "a registration entry of " + a.spiffeId());
        assertThat(observer.events("failure")).hasSize(1);
        say(svid("a"));
        assertThat(source.current(a)).isNotNull();
        assertThat(agent.svidCalls).hasSize(1);
    }

    @Test
    void shrink_isProvisionalForAFewSeconds() {
        WorkloadCertificate first = obtain(a);
        say();
        time.advance(Duration.ofSeconds(4));
        assertThat(source.current(a)).isSameAs(first);
        say(svid("a"));
        time.advance(Duration.ofMinutes(1));
        assertThat(source.current(a)).isNotNull().isNotEqualTo(first);
        assertThat(observer.events("withdrawal")).isEmpty();
    }

    @Test
    void shrink_thatStays_isAWithdrawal() {
        obtain(a);
        List<String> errors = new ArrayList<>();
        source.subscribe(a, new Listener() {
            @Override
            public void onRotated(WorkloadCertificate replacement) {}

            @Override
            public void onError(TunnelException error) {
                errors.add(error.getMessage());
            }
        });
        say();
        time.advance(Duration.ofSeconds(5));
        assertThat(source.current(a)).isNull();
        assertThat(observer.events("withdrawal")).hasSize(1);
        assertThat(errors).hasSize(1);
        assertFails(ask(a), "the agent has no SVID");
        say(svid("a"));
        assertThat(source.current(a)).isNotNull();
    }

    @Test
    void shrinkToOthers_isAWithdrawalToo() {
        obtain(a);
        say(svid("b"));
        assertThat(source.current(a)).isNotNull();
        time.advance(Duration.ofSeconds(5));
        assertThat(source.current(a)).isNull();
    }

    @Test
    void agentThatIsAway_leavesTheLastGoodOneUntilItIsOver() {
        WorkloadCertificate first = obtain(a);
        agent.svids().receiver.onEnd(AgentFailure.temporary("gone", null));
        agent.bundles().receiver.onEnd(AgentFailure.temporary("gone", null));
        time.run();
        while (time.now().isBefore(first.notAfter())) {
            assertThat(source.current(a)).isSameAs(first);
            time.advance(Duration.ofSeconds(60));
            agent.svids().receiver.onEnd(AgentFailure.temporary("gone", null));
            time.run();
        }
        time.advance(SECOND);
        assertThat(source.current(a)).isNull();
        assertThat(observer.events("expiry")).hasSize(1);
        time.advance(Duration.ofSeconds(60));
        say(svid("a"));
        assertThat(source.current(a)).isNotNull();
    }

    @Test
    void reconnects_backOffFromATenthOfASecondToThirtySeconds() {
        ask(a);
        sayBundles(CA);
        List<Long> delays = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            int before = agent.svidCalls.size();
            agent.svids().receiver.onEnd(AgentFailure.temporary("gone", null));
            time.run();
            Instant ended = time.now();
            while (agent.svidCalls.size() == before) {
                time.advance(Duration.ofMillis(10));
            }
            delays.add(Duration.between(ended, time.now()).toMillis());
        }
        assertThat(delays)
                .containsExactly(
                        100L, 200L, 400L, 800L, 1_600L, 3_200L, 6_400L, 12_800L, 25_600L, 30_000L, 30_000L, 30_000L);
    }

    @Test
    void configurationError_isNotTriedOften() {
        ask(a);
        sayBundles(CA);
        agent.svids().receiver.onEnd(AgentFailure.configuration("not a delegate", null));
        time.advance(Duration.ofSeconds(29));
        assertThat(agent.svidCalls).hasSize(1);
        time.advance(SECOND);
        assertThat(agent.svidCalls).hasSize(2);
    }

    @Test
    void silentAgent_isGivenUpAfterTheTimeoutAndTriedAgain() {
        CompletableFuture<WorkloadCertificate> waiting = ask(a);
        sayBundles(CA);
        time.advance(Duration.ofSeconds(10));
        assertFails(waiting, "the agent did not answer (expected: within PT10S)");
        assertThat(agent.svidCalls.get(0).cancelled).isTrue();
        time.advance(SECOND);
        assertThat(agent.svidCalls).hasSize(2);
        say(svid("a"));
        assertThat(source.current(a)).isNotNull();
    }

    /** A deadline would end it: a healthy stream says nothing for half an hour. */
    @Test
    void liveStream_isNotEndedByTheTimeout() {
        obtain(a);
        time.advance(Duration.ofMinutes(25));
        assertThat(agent.svids().cancelled).isFalse();
        assertThat(agent.svidCalls).hasSize(1);
    }

    @Test
    void silentBundleStream_failsWhoWaits() {
        CompletableFuture<WorkloadCertificate> waiting = ask(a);
        say(svid("a"));
        time.advance(Duration.ofSeconds(10));
        assertFails(waiting, "no trust bundles: the agent did not answer");
        assertThat(observer.events("source")).hasSize(1);
        assertFails(ask(a), "no trust bundles");
        time.advance(SECOND);
        sayBundles(CA);
        assertThat(source.current(a)).isNotNull();
    }

    @Test
    void newBundles_replaceAllAtOnceWithoutNewSvids() {
        WorkloadCertificate first = obtain(a);
        List<WorkloadCertificate> told = listen(a);
        TestAuthority next = new TestAuthority("example.org", START);
        sayBundles(Map.of("spiffe://example.org", der(encoded(CA.root()), encoded(next.root()))));
        assertThat(told).hasSize(1);
        assertThat(source.current(a).chain()).isEqualTo(first.chain());
        assertThat(source.current(a).bundles().of(CA.trustDomain()).authorities())
                .containsExactly(CA.root(), next.root());
    }

    @Test
    void bundleKeys_areTakenAsIdsAndAsNames() {
        ask(a);
        sayBundles(Map.of("example.org", der(encoded(CA.root()))));
        say(svid("a"));
        assertThat(source.current(a)).isNotNull();
    }

    @Test
    void federatedBundles_areThoseThatTheEntryFederatesWith() {
        ask(a);
        sayBundles(Map.of(
                "spiffe://example.org", der(encoded(CA.root())),
                "spiffe://partner.test", der(encoded(PARTNER.root())),
                "spiffe://stranger.test", der(encoded(PARTNER.root()))));
        say(List.of("spiffe://partner.test"), svid("a"));
        assertThat(source.current(a).bundles().trustDomains())
                .containsExactlyInAnyOrder(CA.trustDomain(), PARTNER.trustDomain());
        assertThat(status(a).trustDomains()).hasSize(2);
    }

    @Test
    void emptyBundle_isKeptAsOneThatBelievesNobody() {
        ask(a);
        sayBundles(Map.of("spiffe://example.org", der(encoded(CA.root())), "spiffe://partner.test", ByteString.EMPTY));
        say(List.of("partner.test"), svid("a"));
        assertThat(source.current(a).bundles().of(PARTNER.trustDomain()).authorities())
                .isEmpty();
    }

    @Test
    void ownBundleThatBecomesEmpty_keepsTheLastGoodOne() {
        WorkloadCertificate first = obtain(a);
        sayBundles(Map.of("spiffe://example.org", ByteString.EMPTY));
        assertThat(source.current(a)).isSameAs(first);
        assertThat(observer.events("refusal")).singleElement().asString().contains("no authorities of example.org");
    }

    @Test
    void unreadableBundle_staysAsItWasAndHarmsNoOther() {
        ask(a);
        sayBundles(Map.of(
                "spiffe://example.org", der(encoded(CA.root())),
                "spiffe://partner.test", der(encoded(PARTNER.root()))));
        say(List.of("partner.test"), svid("a"));
        TestAuthority next = new TestAuthority("example.org", START);
        sayBundles(Map.of(
                "spiffe://example.org", der(encoded(CA.root()), encoded(next.root())),
                "spiffe://partner.test", ByteString.copyFromUtf8("garbage"),
                "NOT A DOMAIN", der(encoded(CA.root()))));
        assertThat(source.current(a).bundles().of(PARTNER.trustDomain()).authorities())
                .containsExactly(PARTNER.root());
        assertThat(source.current(a).bundles().of(CA.trustDomain()).authorities())
                .hasSize(2);
        assertThat(observer.events("source")).hasSize(2).anyMatch(event -> event.contains("\"spiffe://partner.test\""));
    }

    /** GAP in SPIRE (spec/spire.md 1.6): a trust domain that is federated no more is never taken out of an open stream. */
    @Test
    void bundleStream_isOpenedAnewEveryHour_andADomainThatIsGoneIsBelievedNoMore() {
        ask(a);
        sayBundles(Map.of(
                "spiffe://example.org", der(encoded(CA.root())),
                "spiffe://partner.test", der(encoded(PARTNER.root()))));
        Svid svid = svid("a", Duration.ofHours(3));
        say(List.of("partner.test"), svid);
        time.advance(HOUR);
        assertThat(agent.bundleCalls).hasSize(2);
        assertThat(agent.bundleCalls.get(0).cancelled).isFalse();
        assertThat(source.current(a).bundles().trustDomains()).hasSize(2);
        sayBundles(CA);
        assertThat(agent.bundleCalls.get(0).cancelled).isTrue();
        assertThat(source.current(a).bundles().trustDomains()).containsExactly(TrustDomain.of("example.org"));
        time.advance(HOUR);
        assertThat(agent.bundleCalls).hasSize(3);
        agent.bundles().receiver.onEnd(AgentFailure.temporary("busy", null));
        time.run();
        assertThat(agent.bundleCalls.get(1).cancelled).isFalse();
    }

    @Test
    void keyOfAnother_isRefusedAndTheLastGoodOneKept() {
        WorkloadCertificate first = obtain(a);
        Svid svid = svid("a");
        say(new Svid(svid.spiffeId(), svid.chain(), svid("b").key(), ByteString.EMPTY));
        assertThat(source.current(a)).isSameAs(first);
        assertThat(observer.events("refusal"))
                .singleElement()
                .asString()
                .contains("cannot be used: key: another EC key (expected: the key of the leaf)");
        assertThat(status(a).lastError()).contains("another EC key");
    }

    @Test
    void keyThatIsNoKey_isRefused() {
        CompletableFuture<WorkloadCertificate> waiting = ask(a);
        sayBundles(CA);
        Svid svid = svid("a");
        say(new Svid(svid.spiffeId(), svid.chain(), ByteString.copyFromUtf8("none"), ByteString.EMPTY));
        assertFails(waiting, "private key of 4 bytes (expected: EC as the leaf's, PKCS #8 in DER");
    }

    @Test
    void kindOfKeyThatWeDoNotSupport_isNamed() {
        CompletableFuture<WorkloadCertificate> waiting = ask(a);
        sayBundles(CA);
        KeyPair pair = TestAuthority.keyPair("EC", "secp521r1");
        say(svid("a", pair, START, START.plus(HOUR)));
        assertFails(waiting, "leaf: key EC (expected: ECDSA P-256 or P-384, Ed25519, or RSA");
    }

    @Test
    void chainThatIsNone_isRefused() {
        CompletableFuture<WorkloadCertificate> waiting = ask(a);
        sayBundles(CA);
        Svid svid = svid("a");
        say(new Svid(svid.spiffeId(), List.of(), svid.key(), ByteString.EMPTY));
        assertFails(waiting, "no certificate (expected: at least the leaf)");
        CompletableFuture<WorkloadCertificate> next = ask(a);
        say(new Svid(svid.spiffeId(), List.of(ByteString.copyFromUtf8("0 garbage")), svid.key(), ByteString.EMPTY));
        assertFails(next, "no certificate (expected: at least the leaf)");
        assertFails(ask(a), "no whole DER certificate begins here");
    }

    @Test
    void svidOfTheFuture_isRefusedAsClockSkew() {
        CompletableFuture<WorkloadCertificate> waiting = ask(a);
        sayBundles(CA);
        say(svid("a", TestAuthority.keyPair(), START.plusSeconds(60), START.plus(HOUR)));
        assertFails(waiting, "compare this machine's clock with the authority's");
    }

    /** The two streams are not atomic to each other (spec/spire.md 1.6.10). */
    @Test
    void svidOfANewAuthority_waitsForTheBundleThatHasIt() {
        WorkloadCertificate first = obtain(a);
        TestAuthority next = new TestAuthority("example.org", START);
        KeyPair pair = TestAuthority.keyPair();
        Svid svid = new Svid(
                a.spiffeId().toString(),
                List.of(der(encoded(next.sign(pair.getPublic(), a.spiffeId(), START, START.plus(HOUR))))),
                ByteString.copyFrom(pair.getPrivate().getEncoded()),
                ByteString.EMPTY);
        say(svid);
        assertThat(source.current(a)).isSameAs(first);
        assertThat(observer.events("refusal")).hasSize(1);
        sayBundles(Map.of("example.org", der(encoded(CA.root()), encoded(next.root()))));
        assertThat(source.current(a).chain()).isNotEqualTo(first.chain());
        assertThat(status(a).lastError()).isNull();
    }

    @Test
    void forget_closesTheStreamAndDropsAtOnce() {
        obtain(a);
        source.forget(a);
        assertThat(source.current(a)).isNull();
        time.run();
        assertThat(agent.svids().cancelled).isTrue();
        agent.svids().receiver.onMessage(new SvidUpdate(List.of(svid("a")), List.of(), null));
        time.run();
        assertThat(source.identities()).isEmpty();
        assertThat(source.current(a)).isNull();
    }

    @Test
    void manyAtOnce_areOpenedAFewAtATimeTheMostUrgentFirst() {
        for (int i = 0; i < 100; i++) {
            source.prefetch(workload("w" + i, "uid-" + i));
        }
        time.run();
        assertThat(agent.svidCalls).hasSize(32);
        ask(a);
        agent.svidCalls.get(0).receiver.onMessage(new SvidUpdate(List.of(), List.of(), null));
        time.run();
        assertThat(agent.svidCalls).hasSize(33);
        sayBundles(CA);
        say(svid("a"));
        assertThat(source.current(a)).isNotNull();
    }

    private static WorkloadIdentity workload(String name, String uid) {
        return new WorkloadIdentity(uid, SpiffeId.parseStrict("spiffe://example.org/ns/test/sa/" + name));
    }

    private CompletableFuture<WorkloadCertificate> ask(WorkloadIdentity workload) {
        CompletableFuture<WorkloadCertificate> asked =
                source.certificate(workload).toCompletableFuture();
        time.run();
        return asked;
    }

    private WorkloadCertificate obtain(WorkloadIdentity workload) {
        CompletableFuture<WorkloadCertificate> asked = ask(workload);
        sayBundles(CA);
        say(svid(workload.spiffeId().serviceAccount()));
        return asked.join();
    }

    private List<WorkloadCertificate> listen(WorkloadIdentity workload) {
        List<WorkloadCertificate> told = new ArrayList<>();
        source.subscribe(workload, told::add);
        return told;
    }

    private void say(Svid... svids) {
        say(List.of(), svids);
    }

    private void say(List<String> federatesWith, Svid... svids) {
        agent.svids().receiver.onMessage(new SvidUpdate(List.of(svids), federatesWith, null));
        time.run();
    }

    private void sayBundles(TestAuthority authority) {
        sayBundles(Map.of("spiffe://" + authority.trustDomain(), der(encoded(authority.root()))));
    }

    private void sayBundles(Map<String, ByteString> bundles) {
        agent.bundles().receiver.onMessage(bundles);
        time.run();
    }

    private Svid svid(String account) {
        return svid(account, HOUR);
    }

    private Svid svid(String account, Duration life) {
        return svid(account, TestAuthority.keyPair(), time.now(), time.now().plus(life));
    }

    private static Svid svid(String account, KeyPair pair, Instant from, Instant to) {
        SpiffeId id = SpiffeId.parseStrict("spiffe://example.org/ns/test/sa/" + account);
        return new Svid(
                id.toString(),
                List.of(der(encoded(CA.sign(pair.getPublic(), id, from, to)))),
                ByteString.copyFrom(pair.getPrivate().getEncoded()),
                ByteString.EMPTY);
    }

    private static byte[] encoded(X509Certificate certificate) {
        try {
            return certificate.getEncoded();
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static ByteString der(byte[]... parts) {
        ByteString all = ByteString.EMPTY;
        for (byte[] part : parts) {
            all = all.concat(ByteString.copyFrom(part));
        }
        return all;
    }

    private IdentityStatus status(WorkloadIdentity workload) {
        return source.identities().stream()
                .filter(status -> status.workload().equals(workload))
                .findFirst()
                .orElseThrow();
    }

    private static void assertFails(CompletableFuture<WorkloadCertificate> asked, String text) {
        assertThatThrownBy(asked::join)
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOf(TunnelException.class)
                .hasMessageContaining(text);
    }
}
