package io.hbone.xds.file;

import org.jspecify.annotations.Nullable;

/**
 * A local file cannot be used. The message is one sentence for whoever wrote it: where, what is wrong, what was expected. It
 * carries no stack trace, as it is never about our code.
 */
public final class LocalFileException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final int MAX_QUOTED = 200;

    public LocalFileException(String message) {
        this(message, null);
    }

    public LocalFileException(String message, @Nullable Throwable cause) {
        super(message, cause, false, false);
    }

    /** {@code name: "value" (expected: expected)}; an empty or absent value reads as "not set". */
    static LocalFileException of(String name, @Nullable String value, String expected) {
        return new LocalFileException(name + ": " + shown(value) + " (expected: " + expected + ")");
    }

    private static String shown(@Nullable String value) {
        if (value == null || value.isEmpty()) {
            return "not set";
        }
        return value.length() <= MAX_QUOTED ? quote(value) : quote(value.substring(0, MAX_QUOTED)) + "...";
    }

    /** In quotes, and without anything that a terminal acts on. */
    static String quote(String text) {
        StringBuilder out = new StringBuilder(text.length() + 2).append('"');
        text.chars().forEach(c -> {
            if (c == '"' || c == '\\') {
                out.append('\\').append((char) c);
            } else if ((c >= ' ' && c < 0x7f) || (c >= 0xa0 && c != 0x2028 && c != 0x2029)) {
                out.append((char) c);
            } else {
                out.append(String.format("\\u%04x", c));
            }
        });
        return out.append('"').toString();
    }
}
