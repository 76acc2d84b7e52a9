package io.hbone.node.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/** A JSON object that was read: what child processes answer, and what nodes log. */
final class Reading {
    private final Map<?, ?> map;

    private Reading(Map<?, ?> map) {
        this.map = map;
    }

    /** Null when {@code line} is no JSON object. JSON is YAML, and the node reads YAML anyhow. */
    static @Nullable Reading of(String line) {
        if (!line.startsWith("{")) {
            return null;
        }
        try {
            Object value = new Load(LoadSettings.builder().build()).loadFromString(line);
            return value instanceof Map<?, ?> read ? new Reading(read) : null;
        } catch (YamlEngineException e) {
            return null;
        }
    }

    /** @throws IllegalStateException when there is no such text */
    String text(String key) {
        String text = textOrNull(key);
        if (text == null) {
            throw new IllegalStateException(key + ": not there (expected: text, in " + map + ")");
        }
        return text;
    }

    @Nullable String textOrNull(String key) {
        return map.get(key) instanceof String text ? text : null;
    }

    /** @throws IllegalStateException when there is no such number */
    long number(String key) {
        if (map.get(key) instanceof Number number) {
            return number.longValue();
        }
        throw new IllegalStateException(key + ": " + map.get(key) + " (expected: a number)");
    }

    boolean flag(String key) {
        return Boolean.TRUE.equals(map.get(key));
    }

    /** @throws IllegalStateException when there is no such object */
    Reading object(String key) {
        if (map.get(key) instanceof Map<?, ?> inner) {
            return new Reading(inner);
        }
        throw new IllegalStateException(key + ": not there (expected: an object, in " + map + ")");
    }

    List<Reading> objects(String key) {
        List<Reading> objects = new ArrayList<>();
        if (map.get(key) instanceof List<?> list) {
            for (Object element : list) {
                if (element instanceof Map<?, ?> inner) {
                    objects.add(new Reading(inner));
                }
            }
        }
        return objects;
    }
}
