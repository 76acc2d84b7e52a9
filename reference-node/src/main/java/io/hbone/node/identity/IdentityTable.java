package io.hbone.node.identity;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Identities for a terminal: a block for each workload. */
final class IdentityTable {
    private IdentityTable() {}

    static String of(List<Map<String, Object>> identities, Instant now) {
        if (identities.isEmpty()) {
            return "no workloads\n";
        }
        StringBuilder out = new StringBuilder();
        for (Map<String, Object> identity : identities) {
            boolean serving = Boolean.TRUE.equals(identity.get("serving"));
            out.append(identity.get("identity"))
                    .append(serving ? "" : "  HAS NO VALID CERTIFICATE")
                    .append('\n');
            row(out, "workload", identity.get("workload"));
            row(out, "source", identity.get("source"));
            row(out, "serial", identity.get("serial"));
            row(out, "valid from", identity.get("notBefore"));
            row(out, "valid until", when(identity.get("notAfter"), now));
            row(out, "next refresh", when(identity.get("nextRefresh"), now));
            row(out, "trust domains", joined(identity.get("trustDomains")));
            row(out, "last error", identity.get("lastError"));
            row(out, "at", identity.get("lastErrorAt"));
        }
        return out.toString();
    }

    private static void row(StringBuilder out, String name, @Nullable Object value) {
        if (value != null && !value.equals("")) {
            out.append("  ")
                    .append(name)
                    .append(" ".repeat(15 - name.length()))
                    .append(value)
                    .append('\n');
        }
    }

    private static @Nullable Object when(@Nullable Object time, Instant now) {
        if (time == null) {
            return null;
        }
        Duration left = Duration.between(now, Instant.parse(time.toString())).truncatedTo(ChronoUnit.SECONDS);
        String text = left.abs().toString().substring(2).toLowerCase(Locale.ROOT);
        return time + (left.isNegative() ? " (" + text + " ago)" : " (in " + text + ")");
    }

    private static String joined(@Nullable Object names) {
        return names instanceof Collection<?> list
                ? list.stream().map(String::valueOf).collect(Collectors.joining(", "))
                : "";
    }
}
