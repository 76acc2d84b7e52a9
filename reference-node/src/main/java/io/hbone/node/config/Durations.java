package io.hbone.node.config;

import java.math.BigDecimal;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Durations as Go and ztunnel spell them: {@code 1h30m}, {@code 300ms}, {@code 1.5s}; a bare number counts seconds. */
final class Durations {
    static final String EXPECTED = "a duration such as 300ms, 180s or 1h30m";

    private static final int MAX_LENGTH = 64;
    private static final BigDecimal MAX_NANOS = BigDecimal.valueOf(Long.MAX_VALUE);

    private Durations() {}

    /** Null when {@code text} is no duration, is negative, or is longer than 292 years. */
    static @Nullable Duration parse(String text) {
        int length = text.length();
        if (length == 0 || length > MAX_LENGTH) {
            return null;
        }
        BigDecimal nanos = BigDecimal.ZERO;
        int at = 0;
        while (at < length) {
            int start = at;
            int dots = 0;
            while (at < length && (isDigit(text.charAt(at)) || text.charAt(at) == '.')) {
                dots += text.charAt(at) == '.' ? 1 : 0;
                at++;
            }
            if (at - start == dots || dots > 1) {
                return null;
            }
            int unitAt = at;
            while (at < length && !isDigit(text.charAt(at)) && text.charAt(at) != '.') {
                at++;
            }
            boolean bare = start == 0 && unitAt == length && dots == 0;
            long unit = bare ? 1_000_000_000L : nanosOf(text.substring(unitAt, at));
            if (unit < 0) {
                return null;
            }
            nanos = nanos.add(new BigDecimal(text.substring(start, unitAt)).multiply(BigDecimal.valueOf(unit)));
        }
        return nanos.compareTo(MAX_NANOS) > 0 ? null : Duration.ofNanos(nanos.longValue());
    }

    /** In the largest unit that needs no fraction. */
    static String format(Duration duration) {
        long millis = duration.toMillis();
        if (millis % 3_600_000 == 0) {
            return millis / 3_600_000 + "h";
        }
        if (millis % 1000 == 0) {
            return millis / 1000 + "s";
        }
        return millis + "ms";
    }

    private static long nanosOf(String unit) {
        return switch (unit) {
            case "ns" -> 1L;
            case "us", "\u00b5s", "\u03bcs" -> 1_000L;
            case "ms" -> 1_000_000L;
            case "s" -> 1_000_000_000L;
            case "m" -> 60_000_000_000L;
            case "h" -> 3_600_000_000_000L;
            default -> -1L;
        };
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
