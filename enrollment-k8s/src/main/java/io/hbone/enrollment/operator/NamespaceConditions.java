package io.hbone.enrollment.operator;

import io.fabric8.kubernetes.api.model.NamespaceCondition;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.hbone.enrollment.Retries;
import io.hbone.enrollment.kubernetes.Patches;
import io.hbone.enrollment.kubernetes.WorkQueue;
import java.net.HttpURLConnection;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells at each enrolled namespace how its identities stand: {@code kubectl wait --for=condition=hbone.io/Registered namespace/shop}.
 * It is a condition of the namespace's status, where Kubernetes itself tells such things. Nothing is written that is there already, and
 * a namespace that left the mesh has no condition. One that changes all the time costs a write a second at most.
 */
final class NamespaceConditions implements AutoCloseable {
    static final String TYPE = "hbone.io/Registered";

    /** Between two writes at one namespace; what is remembered of it has the first one by then. */
    static final Duration BETWEEN = Duration.ofSeconds(1);

    private static final Logger logger = LoggerFactory.getLogger(NamespaceConditions.class);

    private final Map<String, NamespaceReport> reports = new ConcurrentHashMap<>();

    /** When one was written at; touched by the queue's thread. */
    private final Map<String, Instant> written = new HashMap<>();

    private final Namespaces namespaces;
    private final Writer writer;
    private final BooleanSupplier leading;
    private final Clock clock;
    private final WorkQueue<String> queue;

    /** What the API server has, as it is remembered. */
    interface Namespaces {
        boolean exists(String namespace);

        /** Of this type; null for none. */
        @Nullable NamespaceCondition condition(String namespace);
    }

    /** Writes at a namespace how it stands. */
    interface Writer {
        /**
         * @param condition null takes back what is there
         * @throws KubernetesClientException when it was refused, with the code, or not answered
         */
        void write(String namespace, @Nullable NamespaceCondition condition);
    }

    /**
     * @param leading whether it may write
     * @param executor does one task at a time, and may be blocked by the API server; stays the caller's
     * @param retries the waits after failures
     */
    NamespaceConditions(
            Namespaces namespaces,
            Writer writer,
            BooleanSupplier leading,
            ScheduledExecutorService executor,
            Retries retries,
            Clock clock,
            RandomGenerator random) {
        this.namespaces = namespaces;
        this.writer = writer;
        this.leading = leading;
        this.clock = clock;
        queue = WorkQueue.builder("namespace status", executor, this::handle)
                .retries(retries)
                .random(random)
                .batch(20) // who else needs the executor does not wait for a thousand
                .troubled(failure ->
                        logger.warn("namespaces are not told how they stand for now: {}", failure.getMessage()))
                .build();
    }

    /** What is to be told from now on. Any thread. */
    void set(NamespaceReport report) {
        reports.put(report.namespace(), report);
        queue.add(report.namespace());
    }

    /** The newest of each namespace that is or was in the mesh. Any thread. */
    List<NamespaceReport> reports() {
        return List.copyOf(reports.values());
    }

    private Set<String> handle(List<String> names) {
        Set<String> failed = new HashSet<>();
        for (String namespace : names) {
            NamespaceReport report = reports.get(namespace);
            if (report == null || !leading.getAsBoolean()) {
                continue;
            }
            try {
                if (tell(report) && !report.enrolled() && report.problem().isEmpty()) {
                    forget(report);
                }
            } catch (KubernetesClientException e) {
                if (e.getCode() == 0 || e.getCode() == HttpURLConnection.HTTP_UNAVAILABLE) {
                    throw e; // the API server is away
                }
                if (e.getCode() == HttpURLConnection.HTTP_NOT_FOUND) {
                    forget(report);
                } else {
                    logger.warn("the status of namespace {} could not be written: {}", namespace, explain(e));
                    failed.add(namespace);
                }
            }
        }
        return failed;
    }

    private void forget(NamespaceReport report) {
        if (reports.remove(report.namespace(), report)) {
            written.remove(report.namespace());
        }
    }

    /** What the API server said, without all that it said it about. */
    private static String explain(KubernetesClientException failure) {
        Status status = failure.getStatus();
        String said = status == null ? null : status.getMessage();
        return said == null ? String.valueOf(failure.getMessage()) : said;
    }

    /** @return whether it is told; else it will be in a while */
    private boolean tell(NamespaceReport report) {
        String namespace = report.namespace();
        NamespaceCondition before = namespaces.condition(namespace);
        NamespaceCondition now = condition(report, before);
        if (!namespaces.exists(namespace) || Objects.equals(before, now)) {
            return true;
        }
        Instant last = written.get(namespace);
        Duration wait = last == null ? Duration.ZERO : BETWEEN.minus(Duration.between(last, clock.instant()));
        if (!wait.isZero() && !wait.isNegative()) {
            queue.addAfter(namespace, wait);
            return false;
        }
        writer.write(namespace, now);
        written.put(namespace, clock.instant());
        return true;
    }

    static Writer patches(KubernetesClient client) {
        return (namespace, now) -> {
            Map<String, Object> condition = new LinkedHashMap<>();
            condition.put("type", TYPE);
            if (now == null) {
                condition.put("$patch", "delete");
            } else {
                condition.put("status", now.getStatus());
                condition.put("reason", now.getReason());
                condition.put("message", now.getMessage());
                condition.put("lastTransitionTime", now.getLastTransitionTime());
            }
            Patches.send(
                    client,
                    "/api/v1/namespaces/" + namespace + "/status",
                    PatchType.STRATEGIC_MERGE,
                    Map.of("status", Map.of("conditions", List.of(condition))));
        };
    }

    private @Nullable NamespaceCondition condition(NamespaceReport report, @Nullable NamespaceCondition before) {
        boolean good = report.problem().isEmpty();
        if (!report.enrolled() && good) {
            return null;
        }
        NamespaceCondition condition = new NamespaceCondition();
        condition.setType(TYPE);
        condition.setStatus(good ? "True" : "False");
        condition.setReason(good ? "EntriesRegistered" : report.enrolled() ? "NotRegistered" : "NotRemoved");
        condition.setMessage(message(report));
        String since = clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
        if (before != null && condition.getStatus().equals(before.getStatus())) {
            since = before.getLastTransitionTime();
        }
        condition.setLastTransitionTime(since);
        return condition;
    }

    private static String message(NamespaceReport report) {
        if (report.accounts() == 0 && !report.problem().isEmpty()) {
            return report.problem();
        }
        int done = report.registered() + report.foreign();
        String count = done + " of " + report.accounts() + " service accounts have an entry at the SPIRE server";
        String others = report.foreign() == 0 ? "" : ", " + report.foreign() + " of them by somebody else";
        String problem = report.problem().isEmpty() ? "" : ": " + report.problem();
        return count + others + problem;
    }

    /** Tells nothing more. What was told stays. */
    @Override
    public void close() {
        queue.close();
    }
}
