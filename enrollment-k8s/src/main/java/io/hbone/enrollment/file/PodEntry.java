package io.hbone.enrollment.file;

import io.hbone.enrollment.NetworkReference;
import io.hbone.xds.file.LocalFileException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An entry of {@code pods}: what it says beyond an entry of {@code workloads}, and the rest of it.
 *
 * @param network null when it names none
 * @param enrolled null when its namespace decides
 */
record PodEntry(
        @Nullable NetworkReference network, @Nullable Boolean enrolled, Map<Object, Object> rest) {
    /** Of which an entry has one. */
    static final List<String> REFERENCES = List.of("netns", "pid", "path", "container", "pod");

    /** @param fields is used up */
    static PodEntry read(String path, Map<Object, Object> fields) {
        if (fields.containsKey("protocol")) {
            throw new LocalFileException(
                    path
                            + ".protocol: set (expected: 'enrolled' here, or of its namespace; the agent sees to the protocol)");
        }
        NetworkReference network = null;
        for (String name : REFERENCES) {
            Object value = fields.remove(name);
            if (value == null) {
                continue;
            }
            if (network != null) {
                throw new LocalFileException(path + '.' + name + ": a second network (expected: one of "
                        + String.join(", ", REFERENCES) + ")");
            }
            network = reference(path + '.' + name, name, value);
        }
        Object enrolled = fields.remove("enrolled");
        return new PodEntry(network, enrolled == null ? null : flag(path + ".enrolled", enrolled, false), fields);
    }

    /** The entry of {@code workloads} that this is, with what is optional here and not there. */
    Map<Object, Object> workload(Set<String> enrolledNamespaces) {
        boolean wanted =
                enrolled != null ? enrolled : enrolledNamespaces.contains(String.valueOf(rest.get("namespace")));
        rest.put("protocol", wanted ? "HBONE" : "TCP");
        rest.putIfAbsent("services", Map.of());
        return rest;
    }

    static boolean flag(String path, @Nullable Object value, boolean otherwise) {
        if (value == null) {
            return otherwise;
        }
        if (value instanceof Boolean flag) {
            return flag;
        }
        throw new LocalFileException(path + ": \"" + value + "\" (expected: true or false)");
    }

    private static NetworkReference reference(String path, String name, Object value) {
        if (name.equals("pid")) {
            if (value instanceof Integer pid && pid > 0) {
                return NetworkReference.Process.running(pid);
            }
            throw new LocalFileException(path + ": \"" + value + "\" (expected: a process id)");
        }
        if (!(value instanceof String text)) {
            throw new LocalFileException(
                    path + ": \"" + value + "\" (expected: text, in quotes when it looks like something else)");
        }
        try {
            return switch (name) {
                case "netns" -> new NetworkReference.Named(text);
                case "path" -> file(path, text);
                case "container" -> new NetworkReference.Container(text);
                default -> new NetworkReference.Pod(text);
            };
        } catch (InvalidPathException e) {
            throw new LocalFileException(path + ": \"" + text + "\" (expected: a path)");
        } catch (IllegalArgumentException e) {
            throw new LocalFileException(path + ": " + e.getMessage());
        }
    }

    private static NetworkReference file(String path, String text) {
        Path file = Path.of(text);
        if (!file.isAbsolute()) {
            throw new LocalFileException(path + ": \"" + text + "\" (expected: an absolute path)");
        }
        return new NetworkReference.File(file);
    }
}
