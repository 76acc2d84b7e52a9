package io.hbone.enrollment.kubernetes;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How agent and node of a machine stand, as the API server is told: a condition of the agent's own pod.
 *
 * @param sound whether nothing is to be looked at
 * @param message for people: connections, certificates and when the first expires, versions; or what is wrong
 */
public record MachineStanding(boolean sound, String message) {
    /** The condition's type. */
    public static final String CONDITION = "hbone.io/Connected";

    private static final int LONGEST = 1024;

    public MachineStanding {
        String clean = message.replaceAll("\\p{Cntrl}", " ");
        message = clean.length() <= LONGEST ? clean : clean.substring(0, LONGEST - 3) + "...";
    }

    /** What an agent's pod has; null when nothing is told, as before its agent knows. */
    static @Nullable MachineStanding of(Pod agent) {
        List<PodCondition> conditions =
                agent.getStatus() == null ? List.of() : agent.getStatus().getConditions();
        return conditions.stream()
                .filter(each -> CONDITION.equals(each.getType()))
                .findFirst()
                .map(each -> new MachineStanding(
                        "True".equals(each.getStatus()), Objects.requireNonNullElse(each.getMessage(), "")))
                .orElse(null);
    }

    /** A patch of the pod's status that says so. */
    Map<String, Object> patch(String since) {
        Map<String, Object> condition = new LinkedHashMap<>();
        condition.put("type", CONDITION);
        condition.put("status", sound ? "True" : "False");
        condition.put("reason", sound ? "Connected" : "Trouble");
        condition.put("message", message);
        condition.put("lastTransitionTime", since);
        return Map.of("status", Map.of("conditions", List.of(condition)));
    }
}
