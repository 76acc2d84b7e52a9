package io.hbone.core;

import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Names one application connection in the logs of both ends: the header {@code traceparent} (W3C Trace Context section
 * 3.2, spec/ztunnel.md 2.1 and 2.2).
 *
 * @param traceIdHigh the first 64 bits of the trace id; not zero together with {@code traceIdLow}
 * @param traceIdLow the last 64 bits of the trace id
 * @param parentId the span, not zero
 * @param flags 0 to 255
 */
public record TraceParent(long traceIdHigh, long traceIdLow, long parentId, int flags) {
    /** {@code 00-<32 hex>-<16 hex>-<2 hex>}. */
    private static final int LENGTH = 55;

    private static final int TRACE_ID_AT = 3;
    private static final int PARENT_ID_AT = 36;
    private static final int FLAGS_AT = 53;

    /** @throws IllegalArgumentException when an id is zero, or {@code flags} is not 0 to 255 */
    public TraceParent {
        if ((traceIdHigh | traceIdLow) == 0) {
            throw new IllegalArgumentException("traceId: 0 (expected: anything else)");
        }
        if (parentId == 0) {
            throw new IllegalArgumentException("parentId: 0 (expected: anything else)");
        }
        if (flags < 0 || flags > 255) {
            throw new IllegalArgumentException("flags: " + flags + " (expected: 0 to 255)");
        }
    }

    /** A new name, not sampled (flags 0). {@code random} need not be secure: the name authorises nothing. */
    public static TraceParent random(RandomGenerator random) {
        // One bit is set so that an id is never zero, whatever the generator does.
        return new TraceParent(random.nextLong(), random.nextLong() | 1, random.nextLong() | 1, 0);
    }

    /**
     * Reads a peer's header, exactly 55 characters of version 00 with lower-case digits; never throws for what it
     * holds.
     *
     * @param header the header's value, may be null
     * @return null when there is none, or it is not valid: then the receiver makes a {@link #random} one
     */
    public static @Nullable TraceParent parse(@Nullable CharSequence header) {
        if (header == null
                || header.length() != LENGTH
                || header.charAt(0) != '0'
                || header.charAt(1) != '0'
                || header.charAt(TRACE_ID_AT - 1) != '-'
                || header.charAt(PARENT_ID_AT - 1) != '-'
                || header.charAt(FLAGS_AT - 1) != '-'
                || !isHex(header, TRACE_ID_AT, PARENT_ID_AT - 1)
                || !isHex(header, PARENT_ID_AT, FLAGS_AT - 1)
                || !isHex(header, FLAGS_AT, LENGTH)) {
            return null;
        }
        long high = hex(header, TRACE_ID_AT, 16);
        long low = hex(header, TRACE_ID_AT + 16, 16);
        long parent = hex(header, PARENT_ID_AT, 16);
        return (high | low) == 0 || parent == 0
                ? null
                : new TraceParent(high, low, parent, (int) hex(header, FLAGS_AT, 2));
    }

    /** The header's value, 55 characters. */
    public String header() {
        StringBuilder out = new StringBuilder(LENGTH).append("00-");
        Text.appendHex(out, traceIdHigh, 16);
        Text.appendHex(out, traceIdLow, 16);
        out.append('-');
        Text.appendHex(out, parentId, 16);
        out.append('-');
        Text.appendHex(out, flags, 2);
        return out.toString();
    }

    /** The trace id as logs write it, 32 hexadecimal digits. */
    public String traceId() {
        StringBuilder out = new StringBuilder(32);
        Text.appendHex(out, traceIdHigh, 16);
        Text.appendHex(out, traceIdLow, 16);
        return out.toString();
    }

    /** As {@link #header()}. */
    @Override
    public String toString() {
        return header();
    }

    private static boolean isHex(CharSequence text, int from, int to) {
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            // Upper case is not valid in this header, W3C Trace Context section 3.2.2.
            if (Text.isUpper(c) || Text.hexDigit(c) < 0) {
                return false;
            }
        }
        return true;
    }

    private static long hex(CharSequence text, int from, int digits) {
        long value = 0;
        for (int i = from; i < from + digits; i++) {
            value = value << 4 | Text.hexDigit(text.charAt(i));
        }
        return value;
    }
}
