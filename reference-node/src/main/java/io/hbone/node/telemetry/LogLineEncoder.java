package io.hbone.node.telemetry;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import io.hbone.core.Authority;
import io.hbone.node.config.LogFormat;
import io.hbone.node.text.Ip;
import io.hbone.node.text.Json;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/** A log line as ztunnel writes it (spec/ztunnel.md 10.3). */
final class LogLineEncoder extends EncoderBase<ILoggingEvent> {
    private static final String OURS = "io.hbone.";

    private final LogFormat format;

    LogLineEncoder(LogFormat format) {
        this.format = format;
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        StringBuilder out = new StringBuilder(512);
        if (format == LogFormat.JSON) {
            json(out, event);
        } else {
            plain(out, event);
        }
        return out.append('\n').toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void plain(StringBuilder out, ILoggingEvent event) {
        time(out, event.getInstant());
        out.append('\t').append(level(event)).append('\t');
        String scope = event.getLoggerName();
        out.append(scope.startsWith(OURS) ? scope.substring(OURS.length()) : scope)
                .append('\t');
        oneLine(out, event.getFormattedMessage());
        out.append('\t');
        String separator = "";
        for (KeyValuePair pair : pairs(event)) {
            out.append(separator).append(pair.key).append('=');
            Object value = pair.value;
            if (value instanceof InetSocketAddress address) {
                out.append(Ip.format(address));
            } else if (value instanceof Number || value instanceof Boolean || value instanceof Authority) {
                out.append(value);
            } else {
                Json.quote(out, String.valueOf(value));
            }
            separator = " ";
        }
        String trace = trace(event);
        if (trace != null) {
            out.append('\n').append(trace.stripTrailing());
        }
    }

    private static void json(StringBuilder out, ILoggingEvent event) {
        out.append("{\"level\":\"").append(level(event)).append("\",\"time\":\"");
        time(out, event.getInstant());
        out.append("\",\"scope\":");
        Json.quote(out, event.getLoggerName());
        out.append(",\"message\":");
        Json.quote(out, event.getFormattedMessage());
        for (KeyValuePair pair : pairs(event)) {
            field(out, pair.key, pair.value instanceof InetSocketAddress address ? Ip.format(address) : pair.value);
        }
        String trace = trace(event);
        if (trace != null) {
            field(out, "stack", trace);
        }
        out.append('}');
    }

    private static void field(StringBuilder out, String key, @Nullable Object value) {
        out.append(',');
        Json.quote(out, key);
        out.append(':');
        Json.compact(out, value);
    }

    /** What comes from a stranger must not be able to forge a line or a column. */
    private static void oneLine(StringBuilder out, String message) {
        for (int i = 0; i < message.length(); i++) {
            char c = message.charAt(i);
            out.append(Character.isISOControl(c) ? ' ' : c);
        }
    }

    private static String level(ILoggingEvent event) {
        return event.getLevel().levelStr.toLowerCase(Locale.ROOT);
    }

    private static List<KeyValuePair> pairs(ILoggingEvent event) {
        List<KeyValuePair> pairs = event.getKeyValuePairs();
        return pairs == null ? List.of() : pairs;
    }

    private static @Nullable String trace(ILoggingEvent event) {
        return event.getThrowableProxy() == null ? null : ThrowableProxyUtil.asString(event.getThrowableProxy());
    }

    /** RFC 3339 in UTC, with microseconds; a formatter of the JDK would cost the start some milliseconds. */
    private static void time(StringBuilder out, Instant time) {
        LocalDateTime utc = LocalDateTime.ofEpochSecond(time.getEpochSecond(), time.getNano(), ZoneOffset.UTC);
        digits(out, utc.getYear(), 4);
        digits(out.append('-'), utc.getMonthValue(), 2);
        digits(out.append('-'), utc.getDayOfMonth(), 2);
        digits(out.append('T'), utc.getHour(), 2);
        digits(out.append(':'), utc.getMinute(), 2);
        digits(out.append(':'), utc.getSecond(), 2);
        digits(out.append('.'), utc.getNano() / 1000, 6);
        out.append('Z');
    }

    private static void digits(StringBuilder out, int value, int width) {
        int scale = 1;
        for (int i = 1; i < width; i++) {
            scale *= 10;
        }
        for (; scale > 0; scale /= 10) {
            out.append((char) ('0' + value / scale % 10));
        }
    }

    @Override
    public byte[] headerBytes() {
        return new byte[0];
    }

    @Override
    public byte[] footerBytes() {
        return new byte[0];
    }
}
