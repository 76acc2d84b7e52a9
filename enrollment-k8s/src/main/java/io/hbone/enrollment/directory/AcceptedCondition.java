package io.hbone.enrollment.directory;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The condition of an object that tells whether it could be read, as Kubernetes and the Gateway API write theirs.
 *
 * @param accepted whether nodes are told all that it says
 * @param reason one word
 * @param message for people
 * @param generation of the object that was read
 * @param since when {@code accepted} became so, RFC 3339
 */
record AcceptedCondition(boolean accepted, String reason, String message, long generation, String since) {
    private static final String TYPE = "Accepted";

    /** What an object has; null for none. */
    static @Nullable AcceptedCondition of(GenericKubernetesResource object) {
        for (Fields condition : Fields.of(object).in("status").all("conditions")) {
            if (condition.text("type").equals(TYPE)) {
                String generation = condition.number("observedGeneration");
                return new AcceptedCondition(
                        condition.text("status").equals("True"),
                        condition.text("reason"),
                        condition.text("message"),
                        generation.isEmpty() ? 0 : Long.parseLong(generation),
                        condition.text("lastTransitionTime"));
            }
        }
        return null;
    }

    /** As the API server is given it. */
    Map<String, Object> fields() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("type", TYPE);
        fields.put("status", accepted ? "True" : "False");
        fields.put("reason", reason);
        fields.put("message", message);
        fields.put("observedGeneration", generation);
        fields.put("lastTransitionTime", since);
        return fields;
    }
}
