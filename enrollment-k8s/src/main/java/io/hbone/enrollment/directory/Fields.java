package io.hbone.enrollment.directory;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A part of an object of a kind for which there are no classes. What is not of the shape that is asked for counts as not there: the
 * API server has held it against its schema.
 */
final class Fields {
    private static final Fields NONE = new Fields(Map.of());

    private final Map<?, ?> values;

    private Fields(Map<?, ?> values) {
        this.values = values;
    }

    static Fields of(GenericKubernetesResource object) {
        return new Fields(object.getAdditionalProperties());
    }

    boolean has(String name) {
        return values.get(name) != null;
    }

    Fields in(String name) {
        return at(values.get(name));
    }

    /** Empty when it is not there. */
    String text(String name) {
        return values.get(name) instanceof String text ? text : "";
    }

    /** A whole number in decimal digits; empty when it is not there. */
    String number(String name) {
        Object value = values.get(name);
        return value instanceof Integer || value instanceof Long ? value.toString() : "";
    }

    /** Of a list those that are mappings. */
    List<Fields> all(String name) {
        List<Fields> all = new ArrayList<>();
        if (values.get(name) instanceof List<?> list) {
            list.stream().filter(Map.class::isInstance).forEach(item -> all.add(at(item)));
        }
        return all;
    }

    /** Of a list those that are texts or numbers, as texts. */
    List<String> texts(String name) {
        List<String> texts = new ArrayList<>();
        if (values.get(name) instanceof List<?> list) {
            list.stream()
                    .filter(item -> item instanceof String || item instanceof Number)
                    .forEach(item -> texts.add(item.toString()));
        }
        return texts;
    }

    /** The texts among its values. */
    Map<String, String> texts() {
        Map<String, String> texts = new LinkedHashMap<>();
        values.forEach((key, value) -> {
            if (value instanceof String text) {
                texts.put(String.valueOf(key), text);
            }
        });
        return Map.copyOf(texts);
    }

    /** What it has, by name. */
    Map<String, Fields> each() {
        Map<String, Fields> each = new LinkedHashMap<>();
        values.forEach((key, value) -> each.put(String.valueOf(key), at(value)));
        return each;
    }

    /** The labels that its {@code selector} asks for, empty for every pod; null when it has none. */
    @Nullable Map<String, String> selector() {
        return has("selector") ? in("selector").in("matchLabels").texts() : null;
    }

    private static Fields at(@Nullable Object value) {
        return value instanceof Map<?, ?> map ? new Fields(map) : NONE;
    }
}
