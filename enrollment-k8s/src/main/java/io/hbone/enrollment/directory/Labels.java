package io.hbone.enrollment.directory;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Labels and annotations of objects that may have none. */
final class Labels {
    private static final String NAME = "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?";
    private static final Pattern VALUE = Pattern.compile("(" + NAME + ")?");
    private static final Pattern KEY = Pattern.compile("([-a-z0-9.]{1,253}/)?" + NAME);

    private Labels() {}

    /** Whether an object can have it: the API server refuses others, but on objects, not where they are asked for. */
    static boolean isPossible(String key, String value) {
        return KEY.matcher(key).matches() && VALUE.matcher(value).matches();
    }

    static Map<String, String> of(ObjectMeta meta) {
        Map<String, String> labels = meta.getLabels();
        return labels == null ? Map.of() : Map.copyOf(labels);
    }

    static @Nullable String annotation(ObjectMeta meta, String name) {
        Map<String, String> annotations = meta.getAnnotations();
        return annotations == null ? null : annotations.get(name);
    }

    /** Whether {@code labels} have all of {@code wanted}; nothing is had by everybody. */
    static boolean match(Map<String, String> wanted, Map<String, String> labels) {
        return labels.entrySet().containsAll(wanted.entrySet());
    }

    /** The value of the first of {@code keys} that is there, else {@code otherwise}. */
    static String first(Map<String, String> labels, List<String> keys, String otherwise) {
        for (String key : keys) {
            String value = labels.get(key);
            if (value != null) {
                return value;
            }
        }
        return otherwise;
    }
}
