package io.hbone.enrollment.kubernetes;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.hbone.enrollment.AgentObserver;
import io.hbone.enrollment.EnrollmentStatus;
import io.hbone.enrollment.LocalWorkload;
import io.hbone.enrollment.Retries;
import java.net.HttpURLConnection;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the API server how the pods of this machine stand: a condition and an annotation on each that is or should be in the mesh, and
 * events. A pod that goes straight into the mesh costs one patch and one event; one that changes all the time, a patch a second at
 * most. While the API server is away, the newest waits.
 */
public final class PodReports implements AgentObserver, AutoCloseable {
    private static final Logger logger = LoggerFactory.getLogger(PodReports.class);

    /** What is so for a moment only need not be told. */
    private static final Duration PASSING = Duration.ofSeconds(2);

    private static final Duration BETWEEN = Duration.ofSeconds(1);
    private static final Duration BETWEEN_MESSAGES = Duration.ofSeconds(30);

    private final Writer writer;
    private final KubernetesWorkloads workloads;
    private final PodEvents events;
    private final Clock clock;
    private final WorkQueue<String> queue;
    private final Map<String, EnrollmentStatus> newest = new ConcurrentHashMap<>();

    /** What was told of a pod, and when; touched by the queue's thread. */
    private final Map<String, Told> told = new HashMap<>();

    /** Writes at a pod how it stands. */
    interface Writer {
        /** @param standing null takes back what is there */
        void write(Pod pod, @Nullable PodStanding standing, Instant since);
    }

    private record Told(@Nullable PodStanding standing, Instant at) {}

    /**
     * @param client stays the caller's
     * @param node the machine's name
     * @param executor does one task at a time, and may be blocked by the API server; stays the caller's
     */
    public PodReports(
            KubernetesClient client,
            String node,
            KubernetesWorkloads workloads,
            ScheduledExecutorService executor,
            Clock clock,
            RandomGenerator random) {
        this(
                client,
                (pod, standing, since) -> patch(client, pod, standing, since),
                node,
                workloads,
                executor,
                clock,
                random);
    }

    PodReports(
            KubernetesClient client,
            Writer writer,
            String node,
            KubernetesWorkloads workloads,
            ScheduledExecutorService executor,
            Clock clock,
            RandomGenerator random) {
        this.writer = writer;
        this.workloads = workloads;
        this.clock = clock;
        events = new PodEvents(client, node, clock);
        queue = WorkQueue.builder("pod status", executor, this::handle)
                .retries(Retries.STANDARD)
                .random(random)
                .batch(20)
                .troubled(failure -> logger.warn("pods are not told how they stand for now: {}", failure.getMessage()))
                .build();
    }

    @Override
    public void changed(EnrollmentStatus status) {
        String uid = status.workload().uid();
        newest.put(uid, status);
        PodStanding standing = PodStanding.of(status);
        if (standing != null && standing.isPassing()) {
            queue.addAfter(uid, PASSING);
        } else {
            queue.add(uid);
        }
    }

    @Override
    public void forgotten(LocalWorkload workload) {
        newest.remove(workload.uid());
        queue.add(workload.uid());
    }

    private Set<String> handle(List<String> uids) {
        Set<String> failed = new HashSet<>();
        for (String uid : uids) {
            EnrollmentStatus status = newest.get(uid);
            Pod pod = status == null ? null : workloads.pod(status.workload());
            if (status == null || pod == null) {
                told.remove(uid);
                events.forget(uid);
                continue;
            }
            try {
                tell(uid, pod, PodStanding.of(status), status.since());
            } catch (KubernetesClientException e) {
                if (isGone(e)) {
                    told.remove(uid);
                } else if (e.getCode() == HttpURLConnection.HTTP_FORBIDDEN || isInvalid(e)) {
                    logger.warn("pod {} could not be told how it stands: {}", status.workload(), e.getMessage());
                    failed.add(uid);
                } else {
                    throw e;
                }
            }
        }
        return failed;
    }

    /** It is not there any more, or another one has its name. */
    private static boolean isGone(KubernetesClientException e) {
        return e.getCode() == HttpURLConnection.HTTP_NOT_FOUND || e.getCode() == HttpURLConnection.HTTP_CONFLICT;
    }

    private static boolean isInvalid(KubernetesClientException e) {
        return e.getCode() == HttpURLConnection.HTTP_BAD_REQUEST || e.getCode() == 422;
    }

    private void tell(String uid, Pod pod, @Nullable PodStanding now, Instant since) {
        Told last = told.get(uid);
        PodStanding before = last == null ? PodStanding.of(pod) : last.standing();
        if (Objects.equals(before, now)) {
            return;
        }
        Duration wait =
                last == null ? Duration.ZERO : pause(before, now).minus(Duration.between(last.at(), clock.instant()));
        if (!wait.isZero() && !wait.isNegative()) {
            queue.addAfter(uid, wait);
            return;
        }
        writer.write(pod, now, since);
        told.put(uid, new Told(now, clock.instant()));
        if (now != null
                && now.enrolled()
                && !Optional.ofNullable(before).map(PodStanding::enrolled).orElse(false)) {
            events.tell(pod, false, now.reason(), now.message());
        } else if (now != null && now.reason().equals(PodStanding.FAILED)) {
            events.tell(pod, true, now.reason(), now.message());
        }
    }

    private static void patch(KubernetesClient client, Pod pod, @Nullable PodStanding standing, Instant since) {
        String time = since.truncatedTo(ChronoUnit.SECONDS).toString();
        Patches.send(
                client,
                "/api/v1/namespaces/" + pod.getMetadata().getNamespace() + "/pods/"
                        + pod.getMetadata().getName() + "/status",
                PatchType.STRATEGIC_MERGE,
                PodStanding.patch(pod.getMetadata().getUid(), standing, time));
    }

    private static Duration pause(@Nullable PodStanding before, @Nullable PodStanding now) {
        boolean words = before != null
                && now != null
                && before.enrolled() == now.enrolled()
                && before.reason().equals(now.reason());
        return words ? BETWEEN_MESSAGES : BETWEEN;
    }

    /** Tells nothing more. */
    @Override
    public void close() {
        queue.close();
    }
}
