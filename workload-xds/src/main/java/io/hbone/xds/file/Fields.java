package io.hbone.xds.file;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One YAML mapping, read strictly: every field has one type, and a field that nobody asked for is an error. Messages begin
 * with where the mapping is, as in {@code workloads[2].locality}.
 */
final class Fields {
    private static final int MAX_SHOWN = 60;

    private final String path;
    private final Map<?, ?> map;
    private final Set<String> asked = new HashSet<>();

    private Fields(String path, Map<?, ?> map) {
        this.path = path;
        this.map = map;
    }

    /** @param path where it is; empty for the whole document */
    static Fields of(String path, @Nullable Object node) {
        if (!(node instanceof Map<?, ?> map)) {
            throw LocalFileException.of(path.isEmpty() ? "the document" : path, show(node), "a mapping");
        }
        return new Fields(path, map);
    }

    String path() {
        return path;
    }

    String path(String name) {
        return path.isEmpty() ? name : path + '.' + name;
    }

    /** Null when it is absent or null. */
    private @Nullable Object get(String name) {
        asked.add(name);
        return map.get(name);
    }

    /** Whether it is there, whatever it holds. */
    boolean has(String name) {
        asked.add(name);
        return map.containsKey(name);
    }

    String text(String name) {
        Object value = get(name);
        if (value == null) {
            throw wrong(name, null, "text");
        }
        return asText(name, value);
    }

    String text(String name, String otherwise) {
        Object value = get(name);
        return value == null ? otherwise : asText(name, value);
    }

    private String asText(String name, Object value) {
        if (value instanceof String text) {
            return text;
        }
        throw wrong(name, value, "text, in quotes when it looks like something else");
    }

    boolean flag(String name, boolean otherwise) {
        Object value = get(name);
        if (value == null) {
            return otherwise;
        }
        if (value instanceof Boolean flag) {
            return flag;
        }
        throw wrong(name, value, "true or false");
    }

    int number(String name, int otherwise, int min, int max) {
        Object value = get(name);
        return value == null ? otherwise : asNumber(name, value, min, max);
    }

    private int asNumber(String name, @Nullable Object value, int min, int max) {
        if (value instanceof Integer number && number >= min && number <= max) {
            return number;
        }
        throw wrong(name, value, "a number from " + min + " to " + max);
    }

    /** One of {@code values} by the name that the file uses. */
    <T> T oneOf(String name, T otherwise, SortedMap<String, T> values) {
        return get(name) == null ? otherwise : requiredOneOf(name, values);
    }

    /** @throws LocalFileException also when it is absent */
    <T> T requiredOneOf(String name, SortedMap<String, T> values) {
        Object value = get(name);
        T chosen = value instanceof String text ? values.get(text) : null;
        if (chosen == null) {
            throw wrong(name, value, String.join(" or ", values.keySet()));
        }
        return chosen;
    }

    /** Empty when it is absent. */
    List<?> list(String name) {
        Object value = get(name);
        if (value == null) {
            return List.of();
        }
        if (value instanceof List<?> list) {
            return list;
        }
        throw wrong(name, value, "a list");
    }

    /** @throws LocalFileException also when it is absent */
    List<?> requiredList(String name) {
        if (get(name) == null) {
            throw wrong(name, null, "a list");
        }
        return list(name);
    }

    /** A mapping whose keys are data and not names of fields; empty when it is absent. */
    Map<?, ?> map(String name) {
        Object value = get(name);
        if (value == null) {
            return Map.of();
        }
        if (value instanceof Map<?, ?> nested) {
            return nested;
        }
        throw wrong(name, value, "a mapping");
    }

    /** @throws LocalFileException also when it is absent */
    Map<?, ?> requiredMap(String name) {
        if (get(name) == null) {
            throw wrong(name, null, "a mapping, {} for an empty one");
        }
        return map(name);
    }

    /** Null when it is absent. */
    @Nullable Fields fields(String name) {
        Object value = get(name);
        return value == null ? null : of(path(name), value);
    }

    /** Texts; empty when it is absent. */
    List<String> texts(String name) {
        List<?> nodes = list(name);
        List<String> texts = new ArrayList<>(nodes.size());
        for (int i = 0; i < nodes.size(); i++) {
            String item = name + '[' + i + ']';
            Object node = nodes.get(i);
            if (node == null) {
                throw wrong(item, null, "text");
            }
            texts.add(asText(item, node));
        }
        return texts;
    }

    /** The mappings of a list; empty when it is absent. */
    List<Fields> all(String name) {
        List<?> nodes = list(name);
        List<Fields> all = new ArrayList<>(nodes.size());
        for (int i = 0; i < nodes.size(); i++) {
            all.add(of(path(name + '[' + i + ']'), nodes.get(i)));
        }
        return all;
    }

    /** A mapping of service ports to target ports, 0 for "not fixed". */
    static Map<Integer, Integer> ports(Supplier<String> path, @Nullable Object node) {
        if (!(node instanceof Map<?, ?> map)) {
            throw LocalFileException.of(path.get(), show(node), "a mapping of ports to ports");
        }
        Map<Integer, Integer> ports = new LinkedHashMap<>();
        map.forEach((from, to) -> {
            if (!(from instanceof Integer port && port >= 1 && port <= 65_535)) {
                throw LocalFileException.of(path.get(), show(from), "ports from 1 to 65535");
            }
            if (!(to instanceof Integer target && target >= 0 && target <= 65_535)) {
                throw LocalFileException.of(path.get() + '.' + from, show(to), "a port from 0 to 65535");
            }
            ports.put((Integer) from, (Integer) to);
        });
        return ports;
    }

    /** Call it last. */
    void rejectOthers() {
        for (Object key : map.keySet()) {
            if (!(key instanceof String name) || !asked.contains(name)) {
                throw new LocalFileException(path(key(key)) + ": unknown field (expected: one of "
                        + String.join(", ", new TreeSet<>(asked)) + ")");
            }
        }
    }

    LocalFileException wrong(String name, @Nullable Object value, String expected) {
        return LocalFileException.of(path(name), value == null ? null : show(value), expected);
    }

    /** A value for a message: short, and without anything that a terminal acts on. */
    static String show(@Nullable Object value) {
        String text =
                value instanceof Map<?, ?> ? "a mapping" : value instanceof List<?> ? "a list" : String.valueOf(value);
        return text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "...";
    }

    /** A key as part of a path. */
    static String key(@Nullable Object value) {
        String shown = show(value);
        return shown.chars().allMatch(c -> c > ' ' && c < 0x7f) ? shown : LocalFileException.quote(shown);
    }
}
