package io.hbone.enrollment;

import io.hbone.zds.NetworkNamespace;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that there is a {@link WorkloadEnrollment} for each workload that there should be, and that the others end. Touched by
 * the loop only, but for what says otherwise.
 */
final class Reconciler implements EnrollmentContext {
    private static final Logger logger = LoggerFactory.getLogger(Reconciler.class);

    /** A look at rules runs the system's tools: two or three a second cost a tenth of a processor, and no enrolment waits for them. */
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(500);

    private final AgentLoop loop;
    private final AgentSettings settings;
    private final Actions actions;
    private final Nodes nodes;
    private final AgentObserver observer;
    private final RandomGenerator random;
    private final Retries retries;
    private final BooleanSupplier delivered;
    private final Map<String, WorkloadEnrollment> all = new ConcurrentHashMap<>();
    private final Map<NetworkNamespace.Id, String> owners = new HashMap<>();
    private final CompletableFuture<Void> seeded = new CompletableFuture<>();
    private Map<String, LocalWorkload> wanted = Map.of();
    private boolean synced;
    private volatile Instant nodesSince;

    Reconciler(
            AgentLoop loop,
            AgentSettings settings,
            Actions actions,
            Nodes nodes,
            AgentObserver observer,
            RandomGenerator random,
            BooleanSupplier delivered) {
        this.loop = loop;
        this.settings = settings;
        this.actions = actions;
        this.nodes = nodes;
        this.observer = observer;
        this.random = random;
        this.retries = new Retries(settings.firstRetry(), settings.longestRetry());
        this.delivered = delivered;
        nodesSince = loop.now();
    }

    /** Any thread. Completes on the loop, when nodes may be told. */
    CompletableFuture<Void> seeded() {
        return seeded;
    }

    /** Any thread. Sorted. */
    List<EnrollmentStatus> statuses() {
        return all.values().stream()
                .map(WorkloadEnrollment::status)
                .sorted(Comparator.comparing((EnrollmentStatus status) ->
                                status.workload().workload().namespace())
                        .thenComparing(status -> status.workload().workload().name())
                        .thenComparing(status -> status.workload().uid()))
                .toList();
    }

    /** Any thread. When the number of nodes changed last. */
    Instant nodesSince() {
        return nodesSince;
    }

    /** These are the workloads that there should be. */
    void sync(Collection<LocalWorkload> workloads) {
        Map<String, LocalWorkload> next = new HashMap<>();
        workloads.forEach(workload -> next.putIfAbsent(workload.uid(), workload));
        wanted = next;
        for (WorkloadEnrollment enrollment : List.copyOf(all.values())) {
            LocalWorkload workload = next.get(enrollment.workload().uid());
            if (workload == null) {
                enrollment.leave();
            } else {
                enrollment.want(workload);
            }
        }
        next.values().forEach(this::begin);
        if (!synced) {
            synced = true;
            logger.info("{} workloads are on this machine", next.size());
            loop.after(settings.seed(), this::seedAnyway);
        }
        settled();
    }

    private void begin(LocalWorkload workload) {
        if (!all.containsKey(workload.uid())) {
            WorkloadEnrollment enrollment = new WorkloadEnrollment(workload, this);
            all.put(workload.uid(), enrollment);
            observer.changed(enrollment.status());
            enrollment.start();
        }
    }

    void workloadChanged(String uid) {
        WorkloadEnrollment enrollment = all.get(uid);
        if (enrollment != null) {
            enrollment.nodeChanged();
        }
    }

    void nodesChanged(int connected) {
        nodesSince = loop.now();
        observer.nodesChanged(connected);
        List.copyOf(all.values()).forEach(WorkloadEnrollment::nodeChanged);
    }

    @Override
    public void settled() {
        if (synced && !seeded.isDone() && all.values().stream().allMatch(WorkloadEnrollment::isSettled)) {
            seed();
        }
    }

    private void seedAnyway() {
        if (!seeded.isDone()) {
            logger.warn(
                    "{} workloads have not been looked into after {}; nodes are told of the others",
                    all.values().stream().filter(each -> !each.isSettled()).count(),
                    settings.seed());
            seed();
        }
    }

    private void seed() {
        nodes.seeded();
        seeded.complete(null);
    }

    @Override
    public void forgotten(WorkloadEnrollment enrollment) {
        String uid = enrollment.workload().uid();
        all.remove(uid);
        observer.forgotten(enrollment.workload());
        LocalWorkload next = wanted.get(uid);
        if (next != null) {
            begin(next);
        }
        settled();
    }

    @Override
    public @Nullable String claim(NetworkNamespace.Id namespace, String uid) {
        String owner = owners.putIfAbsent(namespace, uid);
        return owner == null || owner.equals(uid) ? null : owner;
    }

    @Override
    public void release(NetworkNamespace.Id namespace, String uid) {
        owners.remove(namespace, uid);
    }

    @Override
    public boolean delivered() {
        return delivered.getAsBoolean();
    }

    @Override
    public Duration retry(int failures) {
        return retries.after(failures, random);
    }

    @Override
    public Duration jittered(Duration due) {
        return Retries.jittered(due, random);
    }

    @Override
    public Duration untilVerified() {
        Duration ofAll = BETWEEN_LOOKS.multipliedBy(all.size());
        return jittered(ofAll.compareTo(settings.verify()) > 0 ? ofAll : settings.verify());
    }

    @Override
    public AgentLoop loop() {
        return loop;
    }

    @Override
    public AgentSettings settings() {
        return settings;
    }

    @Override
    public Actions actions() {
        return actions;
    }

    @Override
    public Nodes nodes() {
        return nodes;
    }

    @Override
    public AgentObserver observer() {
        return observer;
    }
}
