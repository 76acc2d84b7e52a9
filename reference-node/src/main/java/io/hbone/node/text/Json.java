package io.hbone.node.text;

import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes JSON. The node writes it in three places (log lines, the admin page, error messages that quote a value) and reads
 * it nowhere, which a library with data binding would be too slow a start for.
 */
public final class Json {
    private static final String INDENT = "  ";

    private Json() {}

    /** {@code text} as a JSON string, quotes included. */
    public static String quote(CharSequence text) {
        StringBuilder out = new StringBuilder(text.length() + 2);
        quote(out, text);
        return out.toString();
    }

    /** Appends {@code text} as a JSON string, quotes included: no control character gets into a line of output. */
    public static void quote(StringBuilder out, CharSequence text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    // C1 controls and line separators are legal JSON, but terminals and log shippers act on them.
                    if (c < ' ' || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029) {
                        out.append("\\u");
                        for (int shift = 12; shift >= 0; shift -= 4) {
                            out.append(Character.forDigit((c >> shift) & 0xf, 16));
                        }
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    /**
     * A document for people and machines, with two spaces of indentation.
     *
     * @param value maps, collections, numbers, booleans and null are written as such, everything else as its text
     */
    public static String pretty(@Nullable Object value) {
        StringBuilder out = new StringBuilder(4096);
        append(out, value, "\n");
        return out.append('\n').toString();
    }

    /** The same in one line. */
    public static void compact(StringBuilder out, @Nullable Object value) {
        append(out, value, "");
    }

    /** @param newline a line break and the indentation so far; empty to stay in one line */
    private static void append(StringBuilder out, @Nullable Object value, String newline) {
        if (value == null || value instanceof Boolean || value instanceof Number) {
            out.append(value);
        } else if (value instanceof Map<?, ?> map) {
            String inner = newline.isEmpty() ? "" : newline + INDENT;
            out.append('{');
            boolean first = true;
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                out.append(first ? "" : ",").append(inner);
                quote(out, String.valueOf(entry.getKey()));
                out.append(newline.isEmpty() ? ":" : ": ");
                append(out, entry.getValue(), inner);
                first = false;
            }
            out.append(first ? "" : newline).append('}');
        } else if (value instanceof Collection<?> list) {
            String inner = newline.isEmpty() ? "" : newline + INDENT;
            out.append('[');
            boolean first = true;
            for (Object element : list) {
                out.append(first ? "" : ",").append(inner);
                append(out, element, inner);
                first = false;
            }
            out.append(first ? "" : newline).append(']');
        } else {
            quote(out, value.toString());
        }
    }
}
