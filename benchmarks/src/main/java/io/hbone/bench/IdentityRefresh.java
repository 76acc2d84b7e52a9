package io.hbone.bench;

import io.hbone.bench.harness.Footprint;
import io.hbone.core.SpiffeId;
import io.hbone.core.TrustBundles;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.CertificateFetcher;
import io.hbone.identity.CertificateManager;
import io.hbone.identity.IdentityObserver;
import io.hbone.identity.ManagedIdentitySource;
import io.hbone.identity.SourceContext;
import io.hbone.identity.spire.SelectorTemplate;
import io.hbone.identity.spire.SpireDelegatedSource;
import io.hbone.identity.testing.Spire;
import io.hbone.identity.testing.TestAuthority;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;

/**
 * What certificates for the workloads of a large node cost: how long the first one takes from a real SPIRE agent, what one that is
 * held costs in memory, and how many refreshes a second one node sustains while it holds all the others. The authority of the
 * latter is in this JVM, and its work is in the figure: a new P-256 key, a signature and the checks of each certificate.
 *
 * <p>Run by {@code benchmarks/run identity-refresh [workloads] [lifetime, seconds] [seconds]}. Not a JMH suite: it is over when it
 * is measured.
 */
public final class IdentityRefresh {
    private static final int WORKLOADS = 10_000;

    /** With refreshes at the half of it, 10,000 workloads make 111 a second. */
    private static final int LIFETIME = 180;

    private static final int SECONDS = 60;

    private IdentityRefresh() {}

    public static void main(String[] args)
            throws InterruptedException, IOException, ExecutionException, TimeoutException {
        int workloads = args.length > 0 ? Integer.parseInt(args[0]) : WORKLOADS;
        Duration lifetime = Duration.ofSeconds(args.length > 1 ? Integer.parseInt(args[1]) : LIFETIME);
        int seconds = args.length > 2 ? Integer.parseInt(args[2]) : SECONDS;
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1);
        executor.setRemoveOnCancelPolicy(true);
        try {
            firstCertificate(executor);
            refreshes(executor, workloads, lifetime, seconds);
        } finally {
            executor.shutdownNow();
        }
    }

    private static void firstCertificate(ScheduledThreadPoolExecutor executor)
            throws InterruptedException, ExecutionException, TimeoutException {
        if (!Spire.missing().isEmpty()) {
            System.out.println("first certificate: not measured, " + Spire.missing());
            return;
        }
        try (Spire spire = Spire.start()) {
            WorkloadIdentity warm = workload(0);
            spire.register(warm.spiffeId().toString(), Duration.ofHours(1), "k8s:ns:bench", "k8s:sa:workload-0");
            // Until the agent has the entry and its SVID; what it signs at the first request is SPIRE's time, not ours.
            try (ManagedIdentitySource source = spire(spire, executor)) {
                source.certificate(warm).toCompletableFuture().get(1, TimeUnit.MINUTES);
            }
            for (String run : List.of("warm", "warm again")) {
                long start = System.nanoTime();
                try (ManagedIdentitySource source = spire(spire, executor)) {
                    source.certificate(warm).toCompletableFuture().get(1, TimeUnit.MINUTES);
                    System.out.printf(
                            Locale.ROOT,
                            "first certificate from an agent that has it, %s: %.1f ms%n",
                            run,
                            (System.nanoTime() - start) / 1e6);
                }
            }
        }
    }

    private static ManagedIdentitySource spire(Spire spire, ScheduledThreadPoolExecutor executor) {
        return SpireDelegatedSource.bySelectors(
                        spire.admin(), SelectorTemplate.KUBERNETES, SourceContext.of(executor, IdentityObserver.NONE))
                .timeout(Duration.ofMinutes(1))
                .build();
    }

    private static void refreshes(ScheduledThreadPoolExecutor executor, int workloads, Duration lifetime, int seconds)
            throws InterruptedException, IOException {
        Counts counts = new Counts();
        try (Authority authority = new Authority(lifetime)) {
            List<WorkloadIdentity> all = IntStream.range(0, workloads)
                    .mapToObj(IdentityRefresh::workload)
                    .toList();
            ManagedIdentitySource source = CertificateManager.builder(authority, SourceContext.of(executor, counts))
                    .build();
            source.prefetch(workload(-1));
            Footprint before = Footprint.settled();
            long start = System.nanoTime();
            all.forEach(source::prefetch);
            while (counts.certificates.sum() < workloads) {
                Thread.sleep(10);
            }
            double took = (System.nanoTime() - start) / 1e9;
            Footprint held = Footprint.settled().since(before);
            System.out.printf(
                    Locale.ROOT,
                    "first certificates of %,d workloads: %.1f s, %.0f/s%n",
                    workloads,
                    took,
                    workloads / took);
            System.out.printf(
                    Locale.ROOT,
                    "a held certificate, with key, chain and timers: %,d bytes of heap%n",
                    held.heap() / workloads);
            // Until those that came first are refreshed, and the others in their turn.
            Thread.sleep(Math.max(0, (long) (lifetime.toMillis() * 0.55 - took * 1_000)));
            long cpu = processCpu();
            long at = counts.certificates.sum();
            start = System.nanoTime();
            Thread.sleep(TimeUnit.SECONDS.toMillis(seconds));
            double elapsed = (System.nanoTime() - start) / 1e9;
            long refreshed = counts.certificates.sum() - at;
            System.out.printf(
                    Locale.ROOT,
                    "refreshes of certificates of %d s, over %.0f s: %.0f/s, %.0f %% of a core; failed: %d, refused:"
                            + " %d, over: %d%n",
                    lifetime.toSeconds(),
                    elapsed,
                    refreshed / elapsed,
                    (processCpu() - cpu) / 1e7 / elapsed,
                    counts.failures.sum(),
                    counts.refusals.sum(),
                    counts.expiries.sum());
            long valid =
                    all.stream().filter(each -> source.current(each) != null).count();
            System.out.printf(Locale.ROOT, "workloads with a valid certificate at the end: %,d%n", valid);
            source.close();
        }
    }

    private static long processCpu() {
        return ProcessHandle.current()
                .info()
                .totalCpuDuration()
                .orElse(Duration.ZERO)
                .toNanos();
    }

    private static WorkloadIdentity workload(int number) {
        return new WorkloadIdentity(
                "uid-" + number, SpiffeId.parseStrict("spiffe://example.org/ns/bench/sa/workload-" + number));
    }

    /** Signs on threads of its own, as an authority elsewhere would. */
    private static final class Authority implements CertificateFetcher {
        private final ExecutorService signer =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        private final TestAuthority authority = new TestAuthority("example.org", Instant.now());
        private final TrustBundles bundles = authority.bundles();
        private final Duration lifetime;

        Authority(Duration lifetime) {
            this.lifetime = lifetime;
        }

        @Override
        public String name() {
            return "bench";
        }

        @Override
        public CompletionStage<WorkloadCertificate> fetch(WorkloadIdentity workload) {
            return CompletableFuture.supplyAsync(
                    () -> {
                        Instant now = Instant.now();
                        return authority.issue(workload.spiffeId(), now, now.plus(lifetime), bundles);
                    },
                    signer);
        }

        @Override
        public void close() {
            signer.shutdownNow();
        }
    }

    private static final class Counts implements IdentityObserver {
        private final LongAdder certificates = new LongAdder();
        private final LongAdder failures = new LongAdder();
        private final LongAdder refusals = new LongAdder();
        private final LongAdder expiries = new LongAdder();

        @Override
        public void onCertificate(String source, WorkloadIdentity workload, WorkloadCertificate certificate) {
            certificates.increment();
        }

        @Override
        public void onFailure(String source, WorkloadIdentity workload, TunnelException error) {
            failures.increment();
        }

        @Override
        public void onRefusal(String source, WorkloadIdentity workload, TunnelException error) {
            refusals.increment();
        }

        @Override
        public void onExpiry(String source, WorkloadIdentity workload, WorkloadCertificate expired) {
            expiries.increment();
        }
    }
}
