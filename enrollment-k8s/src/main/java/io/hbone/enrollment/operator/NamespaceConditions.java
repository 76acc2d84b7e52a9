package io.hbone.enrollment.operator;

import io.fabric8.kubernetes.api.model.NamespaceCondition;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.hbone.enrollment.kubernetes.Patches;
import io.hbone.enrollment.kubernetes.WorkQueue;
import java.net.HttpURLConnection;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells at each enrolled namespace how its identities stand: {@code kubectl wait --for=condition=hbone.io/Registered namespace/shop}.
 * It is a condition of the namespace's status, where Kubernetes itself tells such things. Nothing is written that is there already, and
 * a namespace that left the mesh has no condition.
 */
final class NamespaceConditions implements WorkQueue.Handler<String> {
    static final String TYPE = "hbone.io/Registered";

    private static final Logger logger = LoggerFactory.getLogger(NamespaceConditions.class);

    private final Map<String, NamespaceReport> reports = new ConcurrentHashMap<>();
    private final KubernetesClient client;
    private final ClusterAccounts cluster;
    private final BooleanSupplier leading;
    private final Clock clock;

    NamespaceConditions(KubernetesClient client, ClusterAccounts cluster, BooleanSupplier leading, Clock clock) {
        this.client = client;
        this.cluster = cluster;
        this.leading = leading;
        this.clock = clock;
    }

    /** What is to be told; it is when the namespace is handled. Any thread. */
    void set(NamespaceReport report) {
        reports.put(report.namespace(), report);
    }

    /** The newest of each namespace that is or was in the mesh. Any thread. */
    List<NamespaceReport> reports() {
        return List.copyOf(reports.values());
    }

    @Override
    public Set<String> handle(List<String> namespaces) {
        Set<String> failed = new HashSet<>();
        for (String namespace : namespaces) {
            NamespaceReport report = reports.get(namespace);
            if (report == null || !leading.getAsBoolean()) {
                continue;
            }
            try {
                tell(report);
                if (!report.enrolled() && report.problem().isEmpty()) {
                    reports.remove(namespace, report);
                }
            } catch (KubernetesClientException e) {
                if (e.getCode() == HttpURLConnection.HTTP_NOT_FOUND) {
                    reports.remove(namespace, report);
                } else {
                    logger.warn("the status of namespace {} could not be written: {}", namespace, explain(e));
                    failed.add(namespace);
                }
            }
        }
        return failed;
    }

    /** What the API server said, without all that it said it about. */
    private static String explain(KubernetesClientException failure) {
        Status status = failure.getStatus();
        String said = status == null ? null : status.getMessage();
        return said == null ? String.valueOf(failure.getMessage()) : said;
    }

    private void tell(NamespaceReport report) {
        NamespaceCondition before = cluster.condition(report.namespace());
        NamespaceCondition now = condition(report, before);
        if (!cluster.exists(report.namespace()) || Objects.equals(before, now)) {
            return;
        }
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
                "/api/v1/namespaces/" + report.namespace() + "/status",
                PatchType.STRATEGIC_MERGE,
                Map.of("status", Map.of("conditions", List.of(condition))));
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
}
