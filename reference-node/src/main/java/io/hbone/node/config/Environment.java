package io.hbone.node.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Typed reading of environment variables. A variable that is set to nothing counts as not set, because charts write {@code
 * value: ""} for what they leave out; the few variables to which "" means something are asked for by {@link #raw}.
 */
final class Environment {
    private final Map<String, String> variables;

    Environment(Map<String, String> variables) {
        this.variables = Map.copyOf(variables);
    }

    /** All that there is. */
    Map<String, String> all() {
        return variables;
    }

    /** The value, which may be empty; null when it is not set. */
    @Nullable String raw(String name) {
        return variables.get(name);
    }

    /** The value without white space around it; null when it is not set or empty. */
    @Nullable String text(String name) {
        String value = variables.get(name);
        if (value == null) {
            return null;
        }
        String stripped = value.strip();
        return stripped.isEmpty() ? null : stripped;
    }

    String text(String name, String otherwise) {
        String value = text(name);
        return value == null ? otherwise : value;
    }

    @Nullable Boolean flag(String name) {
        String value = text(name);
        if (value == null) {
            return null;
        }
        return switch (value.toLowerCase(Locale.ROOT)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw ConfigException.of(name, value, "true or false");
        };
    }

    boolean flag(String name, boolean otherwise) {
        Boolean value = flag(name);
        return value == null ? otherwise : value;
    }

    @Nullable Long number(String name, long min, long max) {
        String value = text(name);
        if (value == null) {
            return null;
        }
        String expected = "a number from " + min + " to " + max;
        long number;
        try {
            // Not Long.decode: an octal number is nobody's intention.
            number = value.startsWith("0x") ? Long.parseLong(value.substring(2), 16) : Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw ConfigException.of(name, value, expected);
        }
        if (number < min || number > max || value.startsWith("+")) {
            throw ConfigException.of(name, value, expected);
        }
        return number;
    }

    int number(String name, int otherwise, int min, int max) {
        Long value = number(name, min, max);
        return value == null ? otherwise : value.intValue();
    }

    @Nullable Path path(String name) {
        String value = text(name);
        if (value == null) {
            return null;
        }
        try {
            return Path.of(value);
        } catch (InvalidPathException e) {
            throw ConfigException.of(name, value, "a path");
        }
    }

    /** The variables whose names start with {@code prefix}, by what follows it. */
    Map<String, String> startingWith(String prefix) {
        Map<String, String> found = new TreeMap<>();
        variables.forEach((name, value) -> {
            if (name.startsWith(prefix) && name.length() > prefix.length()) {
                found.put(name.substring(prefix.length()), value);
            }
        });
        return found;
    }

    @Nullable Duration duration(String name) {
        String value = text(name);
        if (value == null) {
            return null;
        }
        Duration duration = Durations.parse(value);
        if (duration == null) {
            throw ConfigException.of(name, value, Durations.EXPECTED);
        }
        return duration;
    }

    Duration duration(String name, Duration otherwise, Duration min, Duration max) {
        Duration value = duration(name);
        if (value == null) {
            return otherwise;
        }
        if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
            throw ConfigException.of(
                    name,
                    text(name),
                    Durations.EXPECTED + ", from " + Durations.format(min) + " to " + Durations.format(max));
        }
        return value;
    }
}
