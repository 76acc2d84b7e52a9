package io.hbone.node.config;

import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How much is logged, as {@code RUST_LOG} says it: a bare level, or a list of {@code logger=level} with at most one bare level
 * in it. As in ztunnel, without a bare level nothing but errors comes from loggers that are not named.
 *
 * @param root for all loggers that {@code byLogger} does not name
 * @param byLogger by logger name; immutable, in the order of the names
 */
public record LogLevels(Level root, Map<String, Level> byLogger) {
    /** What counts without {@code RUST_LOG}. */
    public static final LogLevels DEFAULT = new LogLevels(Level.INFO, Map.of());

    static final String EXPECTED =
            "error, warn, info, debug, trace or off, or a list of logger=level such as warn,access=debug";

    /** A level; {@code OFF} lets nothing pass. */
    public enum Level {
        TRACE,
        DEBUG,
        INFO,
        WARN,
        ERROR,
        OFF;

        /** As {@code RUST_LOG} and log lines spell it. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public LogLevels {
        byLogger = Collections.unmodifiableMap(new TreeMap<>(byLogger));
    }

    /** Null when {@code text} is not a list of levels. */
    public static @Nullable LogLevels parse(String text) {
        return new LogLevels(Level.ERROR, Map.of()).and(text);
    }

    /** These levels with those of {@code text} put over them; null when {@code text} is not a list of levels. */
    public @Nullable LogLevels and(String text) {
        Level bare = null;
        Map<String, Level> merged = new TreeMap<>(byLogger);
        for (String part : text.split(",", -1)) {
            String directive = part.strip();
            int equals = directive.indexOf('=');
            Level level = level(directive.substring(equals + 1));
            if (level == null) {
                return null;
            }
            if (equals < 0) {
                if (bare != null) {
                    return null;
                }
                bare = level;
                continue;
            }
            String logger = loggerName(directive.substring(0, equals));
            if (logger == null) {
                return null;
            }
            merged.put(logger, level);
        }
        return new LogLevels(bare == null ? root : bare, merged);
    }

    /** As {@link #parse} reads it. */
    @Override
    public String toString() {
        StringBuilder out = new StringBuilder(root.text());
        byLogger.forEach(
                (logger, level) -> out.append(',').append(logger).append('=').append(level.text()));
        return out.toString();
    }

    private static @Nullable Level level(String text) {
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "trace" -> Level.TRACE;
            case "debug" -> Level.DEBUG;
            case "info" -> Level.INFO;
            case "warn" -> Level.WARN;
            case "error" -> Level.ERROR;
            case "off" -> Level.OFF;
            default -> null;
        };
    }

    /** Rust's module paths as our loggers; {@code ztunnel} itself means all of this node. */
    private static @Nullable String loggerName(String module) {
        String name = module.strip().replace("::", ".");
        if (name.isEmpty()
                || !name.chars().allMatch(c -> c == '.' || c == '_' || c == '-' || Character.isLetterOrDigit(c))) {
            return null;
        }
        return name.equals("ztunnel") ? "io.hbone" : name;
    }
}
