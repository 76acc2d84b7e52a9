package io.hbone.enrollment.kubernetes;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.hbone.enrollment.EnrollmentStatus;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a pod stands, as the API server is told: a condition of its status, for people and for readiness gates, and an annotation by
 * which nodes of other machines know that it is reached by HBONE, Istio's.
 *
 * @param enrolled whether its traffic goes through the node
 * @param reason one word
 * @param message for people
 */
public record PodStanding(boolean enrolled, String reason, String message) {
    /** The condition's type. */
    public static final String CONDITION = "hbone.io/Enrolled";

    /** The reason of one that fails. */
    public static final String FAILED = "EnrollmentFailed";

    /** The annotation: {@code enabled} on what is reached by HBONE. */
    static final String REDIRECTION = "ambient.istio.io/redirection";

    static final String ENABLED = "enabled";

    private static final String LEAVING = "Leaving";
    private static final int LONGEST = 1024;

    /** Of a condition; null for none. */
    static @Nullable PodStanding of(@Nullable PodCondition condition) {
        return condition == null
                ? null
                : new PodStanding(
                        "True".equals(condition.getStatus()),
                        Objects.requireNonNullElse(condition.getReason(), ""),
                        Objects.requireNonNullElse(condition.getMessage(), ""));
    }

    /** What the API server has; null when nothing is told, as of one that is not to be enrolled. */
    public static @Nullable PodStanding of(Pod pod) {
        return pod.getStatus() == null
                ? null
                : pod.getStatus().getConditions().stream()
                        .filter(each -> CONDITION.equals(each.getType()))
                        .findFirst()
                        .map(PodStanding::of)
                        .orElse(null);
    }

    /** What the API server should have; null for nothing. */
    static @Nullable PodStanding of(EnrollmentStatus status) {
        String doing = status.doing();
        return switch (status.state()) {
            case NOT_ENROLLED -> null;
            case ENROLLED -> new PodStanding(true, "Enrolled", "TCP goes through the node");
            case FAILED ->
                new PodStanding(false, FAILED, shortened(Objects.requireNonNullElse(status.lastError(), doing)));
            case WAITING_FOR_NODE ->
                new PodStanding(false, "WaitingForNode", "no node serves it (expected: one connected by ZDS)");
            case WAITING_FOR_NETWORK ->
                status.workload().wantsEnrollment()
                        ? new PodStanding(false, "WaitingForNetwork", "the container runtime has no network of it")
                        : null;
            case ENROLLING -> new PodStanding(false, "Enrolling", doing);
            case LEAVING, DRAINING -> new PodStanding(false, LEAVING, "connections from before go on");
        };
    }

    /** Whether it will soon be otherwise by itself. */
    boolean isPassing() {
        return reason.equals("Enrolling") || reason.equals("WaitingForNode") || reason.equals("WaitingForNetwork");
    }

    private static String shortened(String text) {
        String clean = text.replaceAll("\\p{Cntrl}", " ");
        return clean.length() <= LONGEST ? clean : clean.substring(0, LONGEST - 3) + "...";
    }

    /** A patch of a pod's status that says so, and takes an older condition and annotation back. */
    static Map<String, Object> patch(String uid, @Nullable PodStanding standing, String since) {
        Map<String, Object> condition = new LinkedHashMap<>();
        condition.put("type", CONDITION);
        if (standing == null) {
            condition.put("$patch", "delete");
        } else {
            condition.put("status", standing.enrolled ? "True" : "False");
            condition.put("reason", standing.reason);
            condition.put("message", standing.message);
            condition.put("lastTransitionTime", since);
        }
        Map<String, @Nullable Object> annotations = new LinkedHashMap<>();
        if (standing == null || standing.reason.equals(LEAVING)) {
            annotations.put(REDIRECTION, null);
        } else if (standing.enrolled) {
            annotations.put(REDIRECTION, ENABLED);
        } // else others go on as they do: one that is in trouble is not to be sent plaintext
        // The uid: another pod that has the name by now is not spoken of.
        return Map.of(
                "metadata", Map.of("uid", uid, "annotations", annotations),
                "status", Map.of("conditions", List.of(condition)));
    }
}
