package io.hbone.node.config;

import io.hbone.node.text.Json;
import org.jspecify.annotations.Nullable;

/**
 * The node cannot run the way it is set up. The message is one sentence for whoever set it up: what is wrong, where, and what
 * was expected. It carries no stack trace, as it is never about our code.
 */
public final class ConfigException extends RuntimeException {
    private static final int MAX_QUOTED = 200;

    public ConfigException(String message) {
        this(message, null);
    }

    public ConfigException(String message, @Nullable Throwable cause) {
        super(message, cause, false, false);
    }

    /** {@code name: "value" (expected: expected)}; an empty or absent value reads as "not set". */
    public static ConfigException of(String name, @Nullable String value, String expected) {
        return new ConfigException(name + ": " + shown(value) + " (expected: " + expected + ")");
    }

    private static String shown(@Nullable String value) {
        if (value == null || value.isEmpty()) {
            return "not set";
        }
        return value.length() <= MAX_QUOTED ? Json.quote(value) : Json.quote(value.substring(0, MAX_QUOTED)) + "...";
    }
}
