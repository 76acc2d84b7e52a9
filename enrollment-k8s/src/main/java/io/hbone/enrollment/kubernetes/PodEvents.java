package io.hbone.enrollment.kubernetes;

import io.fabric8.kubernetes.api.model.MicroTime;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.api.model.events.v1.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Events on pods (API group {@code events.k8s.io}). What is told twice is counted at the first event, also when another agent told it
 * first; of one pod few are told in a while, and what is left out is in the agent's log. Touched by one thread.
 */
final class PodEvents {
    private static final Logger logger = LoggerFactory.getLogger(PodEvents.class);
    private static final DateTimeFormatter MICROS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    /** Of a pod at once, and one more each {@link #REFILL}. */
    private static final int BURST = 5;

    private static final Duration REFILL = Duration.ofMinutes(1);

    /** Leaves room for what is put behind it: a name has 253 at most. */
    private static final int LONGEST_NAME = 230;

    private final KubernetesClient client;
    private final String node;
    private final Clock clock;
    private final Map<String, Budget> budgets = new HashMap<>();

    PodEvents(KubernetesClient client, String node, Clock clock) {
        this.client = client;
        this.node = node.length() <= 128 ? node : node.substring(0, 128);
        this.clock = clock;
    }

    private record Budget(double left, Instant at) {}

    /** Tells it, unless enough has been told of the pod. What the API server refuses is logged: no pod waits for an event. */
    void tell(Pod pod, boolean warning, String reason, String note) {
        if (!mayTell(pod.getMetadata().getUid())) {
            logger.debug("too many events of {}: {}", pod.getMetadata().getName(), note);
            return;
        }
        Event event = event(pod, warning, reason, note);
        try {
            client.events()
                    .v1()
                    .events()
                    .inNamespace(pod.getMetadata().getNamespace())
                    .resource(event)
                    .create();
        } catch (KubernetesClientException e) {
            if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
                repeat(event);
            } else {
                logger.warn(
                        "no event for pod {}/{}: {}",
                        event.getMetadata().getNamespace(),
                        pod.getMetadata().getName(),
                        e.getMessage());
            }
        }
    }

    /** Nothing more will be told of it. */
    void forget(String uid) {
        budgets.remove(uid);
    }

    private boolean mayTell(String uid) {
        Instant now = clock.instant();
        Budget budget = budgets.getOrDefault(uid, new Budget(BURST, now));
        double refilled = (double) Duration.between(budget.at(), now).toMillis() / REFILL.toMillis();
        double left = Math.min(BURST, budget.left() + refilled);
        budgets.put(uid, new Budget(left >= 1 ? left - 1 : left, now));
        return left >= 1;
    }

    private Event event(Pod pod, boolean warning, String reason, String note) {
        String uid = pod.getMetadata().getUid();
        String name = pod.getMetadata().getName();
        // The same for the same news.
        byte[] news = (uid + '\n' + reason + '\n' + note).getBytes(StandardCharsets.UTF_8);
        String hash = HexFormat.of().toHexDigits(UUID.nameUUIDFromBytes(news).getMostSignificantBits());
        return new EventBuilder()
                .withNewMetadata()
                .withNamespace(pod.getMetadata().getNamespace())
                .withName(name.substring(0, Math.min(name.length(), LONGEST_NAME)) + '.' + hash)
                .endMetadata()
                .withEventTime(new MicroTime(MICROS.format(clock.instant())))
                .withType(warning ? "Warning" : "Normal")
                .withReason(reason)
                .withAction("Enroll")
                .withNote(note)
                .withReportingController("hbone.io/agent")
                .withReportingInstance(node)
                .withNewRegarding()
                .withApiVersion("v1")
                .withKind("Pod")
                .withNamespace(pod.getMetadata().getNamespace())
                .withName(name)
                .withUid(uid)
                .endRegarding()
                .build();
    }

    private void repeat(Event event) {
        var told = client.events()
                .v1()
                .events()
                .inNamespace(event.getMetadata().getNamespace())
                .withName(event.getMetadata().getName());
        try {
            Event before = told.get();
            if (before == null) {
                return;
            }
            int count = before.getSeries() == null || before.getSeries().getCount() == null
                    ? 1
                    : before.getSeries().getCount();
            Patches.send(
                    client,
                    "/apis/events.k8s.io/v1/namespaces/" + event.getMetadata().getNamespace() + "/events/"
                            + event.getMetadata().getName(),
                    PatchType.JSON_MERGE,
                    Map.of("series", Map.of("count", count + 1, "lastObservedTime", MICROS.format(clock.instant()))));
        } catch (KubernetesClientException e) {
            logger.warn("event {} could not be counted: {}", event.getMetadata().getName(), e.getMessage());
        }
    }
}
