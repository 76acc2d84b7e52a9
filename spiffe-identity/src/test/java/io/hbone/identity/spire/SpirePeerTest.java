package io.hbone.identity.spire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.ManagedIdentitySource;
import io.hbone.identity.SourceContext;
import io.hbone.identity.process.PidLookup;
import io.hbone.identity.testing.RecordingObserver;
import io.hbone.identity.testing.Spire;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Real SPIRE, server and agent. */
@Tag("peer")
class SpirePeerTest {
    private static final Duration SHORT = Duration.ofSeconds(10);
    private static final Duration LONG = Duration.ofHours(1);

    private static Spire spire;

    private final RecordingObserver observer = new RecordingObserver();
    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
    private ManagedIdentitySource source;

    @BeforeAll
    static void start() {
        assumeTrue(Spire.missing().isEmpty(), Spire.missing());
        spire = Spire.start();
    }

    @AfterAll
    static void stop() {
        if (spire != null) {
            spire.close();
        }
    }

    @AfterEach
    void close() {
        if (source != null) {
            source.close();
        }
        executor.shutdown();
    }

    @Test
    void selectors_giveTheWorkloadsSvidWithTheAgentsBundle() throws Exception {
        WorkloadIdentity workload = workload("shop", "cart");
        spire.register(workload.spiffeId().toString(), LONG, "k8s:ns:shop", "k8s:sa:cart");
        source = bySelectors();
        WorkloadCertificate certificate = obtain(workload);
        assertThat(certificate.id()).isEqualTo(workload.spiffeId());
        assertThat(certificate.bundles().trustDomains()).containsExactly(TrustDomain.of(Spire.TRUST_DOMAIN));
        assertThat(certificate.isValidAt(Instant.now())).isTrue();
        assertThat(source.identities()).singleElement().satisfies(status -> {
            assertThat(status.serial()).isEqualTo(certificate.serial());
            assertThat(status.source()).isEqualTo("spire-selectors");
            assertThat(status.lastError()).isNull();
        });
    }

    @Test
    void rotation_isPushedBeforeTheEnd_andEverySvidIsNew() throws Exception {
        WorkloadIdentity workload = workload("shop", "rotating");
        spire.register(workload.spiffeId().toString(), SHORT, "k8s:ns:shop", "k8s:sa:rotating");
        source = bySelectors();
        List<WorkloadCertificate> told = new CopyOnWriteArrayList<>();
        source.subscribe(workload, told::add);
        Set<String> serials = ConcurrentHashMap.newKeySet();
        serials.add(obtain(workload).serial());
        await().atMost(Duration.ofSeconds(40))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> {
                    WorkloadCertificate current = source.current(workload);
                    // Never without one, and never with one that is over.
                    assertThat(current).isNotNull();
                    assertThat(current.isValidAt(Instant.now())).isTrue();
                    serials.add(current.serial());
                    return serials.size() >= 3;
                });
        assertThat(told).hasSizeGreaterThanOrEqualTo(2);
        assertThat(observer.events("expiry")).isEmpty();
    }

    @Test
    void agentThatIsKilledAndStartedAgain_isNotNoticed() throws Exception {
        WorkloadIdentity workload = workload("shop", "survivor");
        spire.register(workload.spiffeId().toString(), LONG, "k8s:ns:shop", "k8s:sa:survivor");
        source = bySelectors();
        WorkloadCertificate first = obtain(workload);
        spire.killAgent();
        await().untilAsserted(() -> assertThat(observer.events("failure")).isNotEmpty());
        assertThat(source.current(workload)).isEqualTo(first);
        assertThat(obtain(workload)).isEqualTo(first);
        spire.startAgent();
        await().atMost(Duration.ofSeconds(40))
                .untilAsserted(
                        () -> assertThat(source.identities().get(0).lastError()).isNull());
        assertThat(source.current(workload)).isNotNull();
    }

    @Test
    void serverThatIsDownPastARotation_costsTheSvidOnlyWhenItIsOver_andItComesBack() throws Exception {
        WorkloadIdentity workload = workload("shop", "patient");
        spire.register(workload.spiffeId().toString(), SHORT, "k8s:ns:shop", "k8s:sa:patient");
        source = bySelectors();
        obtain(workload);
        spire.killServer();
        try {
            await().atMost(Duration.ofSeconds(30))
                    .pollInterval(Duration.ofMillis(20))
                    .until(() -> {
                        WorkloadCertificate current = source.current(workload);
                        assertThat(current == null || current.isValidAt(Instant.now()))
                                .isTrue();
                        return current == null;
                    });
            await().untilAsserted(() -> assertThat(observer.events("expiry")).hasSize(1));
        } finally {
            spire.startServer();
        }
        await().atMost(Duration.ofSeconds(60)).until(() -> source.current(workload) != null);
    }

    @Test
    void entryThatIsDeletedWhileInUse_takesTheSvidWithIt() throws Exception {
        WorkloadIdentity workload = workload("shop", "leaver");
        String entry = spire.register(workload.spiffeId().toString(), LONG, "k8s:ns:shop", "k8s:sa:leaver");
        source = bySelectors();
        obtain(workload);
        spire.unregister(entry);
        await().atMost(Duration.ofSeconds(30)).until(() -> source.current(workload) == null);
        // It is told of right after.
        await().untilAsserted(() -> assertThat(observer.events("withdrawal"))
                .singleElement()
                .asString()
                .contains("the agent has no SVID for selectors k8s:ns:shop, k8s:sa:leaver"));
    }

    @Test
    void entryForTheWrongIdentity_isRefused() {
        WorkloadIdentity workload = workload("shop", "victim");
        spire.register("spiffe://example.org/ns/shop/sa/somebody-else", LONG, "k8s:ns:shop", "k8s:sa:victim");
        source = bySelectors();
        assertThatThrownBy(() -> obtain(workload))
                .hasMessageContaining("the agent gave \"spiffe://example.org/ns/shop/sa/somebody-else\"")
                .hasMessageContaining("(expected: " + workload.spiffeId());
        assertThat(observer.events("refusal")).isNotEmpty();
        assertThat(source.current(workload)).isNull();
    }

    @Test
    void pid_givesTheSvidOfThatProcess_untilItEnds() throws Exception {
        WorkloadIdentity workload = workload("shop", "by-pid");
        spire.register(workload.spiffeId().toString(), LONG, spire.programSelector("by-pid"));
        Process process = spire.startProgram("by-pid");
        Map<String, Integer> pids = new ConcurrentHashMap<>(Map.of(workload.uid(), (int) process.pid()));
        source = SpireDelegatedSource.byPid(spire.admin(), changing(pids), context())
                .build();
        // Until the agent knows the entry, it gives what else it has for a process of this user.
        source.prefetch(workload);
        await().atMost(Duration.ofSeconds(20)).until(() -> source.current(workload) != null);
        assertThat(source.current(workload).id()).isEqualTo(workload.spiffeId());
        process.destroyForcibly().waitFor();
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(observer.events("failure"))
                        .anyMatch(event -> event.contains("process " + process.pid() + " has ended")));
        // The pod lives on in another process.
        Process next = spire.startProgram("by-pid");
        try {
            pids.put(workload.uid(), (int) next.pid());
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> source.identities().get(0).lastError() == null);
        } finally {
            next.destroyForcibly();
        }
    }

    @Test
    void pidOfAnotherProgram_neverGivesTheWorkloadsSvid() throws Exception {
        WorkloadIdentity workload = workload("shop", "guarded");
        spire.register(workload.spiffeId().toString(), LONG, spire.programSelector("guarded"));
        Process impostor = spire.startProgram("impostor");
        try {
            source = SpireDelegatedSource.byPid(
                            spire.admin(), PidLookup.of(Map.of(workload.uid(), (int) impostor.pid())), context())
                    .timeout(Duration.ofSeconds(3))
                    .build();
            assertThatThrownBy(() -> obtain(workload)).hasMessageContaining("identity error");
            assertThat(source.current(workload)).isNull();
        } finally {
            impostor.destroyForcibly();
        }
    }

    @Test
    void workloadApi_givesThisProcessItsOwnSvid_andSaysWhoItIs() throws Exception {
        // The delegate's entry is this process's.
        WorkloadIdentity self = WorkloadApiSource.whoAmI(spire.workloadApi(), "self", Duration.ofSeconds(20), context())
                .toCompletableFuture()
                .get(40, TimeUnit.SECONDS);
        assertThat(self.spiffeId().trustDomain().name()).isEqualTo(Spire.TRUST_DOMAIN);
        source = WorkloadApiSource.of(spire.workloadApi(), Duration.ofSeconds(20), context());
        WorkloadCertificate certificate = obtain(self);
        assertThat(certificate.id()).isEqualTo(self.spiffeId());
        assertThat(certificate.bundles().trustDomains()).containsExactly(TrustDomain.of(Spire.TRUST_DOMAIN));
    }

    @Test
    void workloadApi_ofAnAgentThatIsKilledAndStartedAgain_isNotNoticed() throws Exception {
        WorkloadIdentity self = new WorkloadIdentity("self", SpiffeId.parseStrict("spiffe://example.org/delegate"));
        source = WorkloadApiSource.of(spire.workloadApi(), Duration.ofSeconds(20), context());
        WorkloadCertificate first = obtain(self);
        spire.killAgent();
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(observer.events("failure")).isNotEmpty());
        assertThat(source.current(self)).isEqualTo(first);
        spire.startAgent();
        await().atMost(Duration.ofSeconds(40))
                .until(() -> source.identities().get(0).lastError() == null);
    }

    @Test
    void broker_givesTheSvidOfAProcess() throws Exception {
        WorkloadIdentity self = new WorkloadIdentity("self", SpiffeId.parseStrict("spiffe://example.org/delegate"));
        WorkloadIdentity workload = workload("shop", "brokered");
        spire.register(workload.spiffeId().toString(), LONG, spire.programSelector("brokered"));
        Process process = spire.startProgram("brokered");
        try (ManagedIdentitySource own = WorkloadApiSource.of(spire.workloadApi(), Duration.ofSeconds(20), context())) {
            source = BrokerSource.byPid(
                    spire.broker(),
                    PidLookup.of(Map.of(workload.uid(), (int) process.pid())),
                    own,
                    self,
                    Duration.ofSeconds(20),
                    context());
            source.prefetch(workload);
            await().atMost(Duration.ofSeconds(20)).until(() -> source.current(workload) != null);
            assertThat(source.current(workload).id()).isEqualTo(workload.spiffeId());
            assertThat(source.current(workload).bundles().trustDomains())
                    .containsExactly(TrustDomain.of(Spire.TRUST_DOMAIN));
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void workloadApisSocket_isNamedAsTheWrongOne() {
        WorkloadIdentity workload = workload("shop", "lost");
        source = SpireDelegatedSource.bySelectors(spire.workloadApi(), SelectorTemplate.KUBERNETES, context())
                .build();
        assertThatThrownBy(() -> obtain(workload))
                .hasMessageContaining("does not serve the Delegated Identity API")
                .hasMessageContaining("admin_socket_path");
    }

    @Test
    void processThatIsNoDelegate_isToldWhichSettingIsMissing() throws Exception {
        try (Spire strict = Spire.start(false)) {
            WorkloadIdentity workload = workload("shop", "denied");
            source = SpireDelegatedSource.bySelectors(strict.admin(), SelectorTemplate.KUBERNETES, context())
                    .build();
            await().atMost(Duration.ofSeconds(40))
                    .untilAsserted(() ->
                            assertThatThrownBy(() -> obtain(workload)).hasMessageContaining("authorized_delegates"));
        }
    }

    private ManagedIdentitySource bySelectors() {
        return SpireDelegatedSource.bySelectors(spire.admin(), SelectorTemplate.KUBERNETES, context())
                .timeout(Duration.ofSeconds(20))
                .build();
    }

    private SourceContext context() {
        return SourceContext.of(executor, observer);
    }

    private WorkloadCertificate obtain(WorkloadIdentity workload) throws Exception {
        return source.certificate(workload).toCompletableFuture().get(40, TimeUnit.SECONDS);
    }

    private static PidLookup changing(Map<String, Integer> pids) {
        return new PidLookup() {
            @Override
            public CompletionStage<Integer> pid(WorkloadIdentity workload) {
                return CompletableFuture.completedStage(pids.get(workload.uid()));
            }

            @Override
            public void close() {}
        };
    }

    private static WorkloadIdentity workload(String namespace, String account) {
        return new WorkloadIdentity(
                "uid-" + account, SpiffeId.ofServiceAccount(TrustDomain.of(Spire.TRUST_DOMAIN), namespace, account));
    }
}
