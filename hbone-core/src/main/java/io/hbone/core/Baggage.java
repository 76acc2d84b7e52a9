package io.hbone.core;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What one end of a tunnel says of itself in the header {@code baggage} (spec/ztunnel.md 2.1 and 2.2; W3C Baggage). It
 * is for metrics and logs only: nothing of it is proven, and nothing in it, however odd, may fail a connection. An
 * unknown text is empty, never null.
 *
 * @param clusterId {@code k8s.cluster.name}
 * @param namespace {@code k8s.namespace.name}
 * @param workloadType the kind of the workload in lower case: {@code deployment}, {@code cronjob}, {@code pod} or
 *     {@code job}
 * @param workloadName the value of {@code k8s.<workload type>.name}
 * @param serviceName {@code service.name}: the canonical name
 * @param serviceVersion {@code service.version}: the canonical revision
 * @param region {@code cloud.region}
 * @param zone {@code cloud.availability_zone}
 */
public record Baggage(
        String clusterId,
        String namespace,
        String workloadType,
        String workloadName,
        String serviceName,
        String serviceVersion,
        String region,
        String zone) {
    /** Says nothing. */
    public static final Baggage EMPTY = new Baggage("", "", "", "", "", "", "", "");

    /**
     * How much of a peer's header is read, in characters over all its lines (W3C Baggage, "Limits": as much as must be
     * carried on).
     */
    public static final int MAX_LENGTH = 8192;

    private static final String CLUSTER = "k8s.cluster.name";
    private static final String NAMESPACE = "k8s.namespace.name";
    private static final String WORKLOAD_PREFIX = "k8s.";
    private static final String WORKLOAD_SUFFIX = ".name";
    private static final String SERVICE_NAME = "service.name";
    private static final String SERVICE_VERSION = "service.version";
    private static final String REGION = "cloud.region";
    private static final String ZONE = "cloud.availability_zone";

    /** @throws NullPointerException when a text is null */
    public Baggage {
        Objects.requireNonNull(clusterId, "clusterId");
        Objects.requireNonNull(namespace, "namespace");
        Objects.requireNonNull(workloadType, "workloadType");
        Objects.requireNonNull(workloadName, "workloadName");
        Objects.requireNonNull(serviceName, "serviceName");
        Objects.requireNonNull(serviceVersion, "serviceVersion");
        Objects.requireNonNull(region, "region");
        Objects.requireNonNull(zone, "zone");
    }

    /**
     * What a peer's header said.
     *
     * @param baggage what could be read
     * @param malformed how many entries could not; what lies beyond {@link #MAX_LENGTH} counts as one
     */
    public record Parsed(Baggage baggage, int malformed) {
        /** Nothing was said, and nothing was wrong. */
        public static final Parsed NOTHING = new Parsed(EMPTY, 0);

        /** @throws IllegalArgumentException when {@code malformed} is negative */
        public Parsed {
            Objects.requireNonNull(baggage, "baggage");
            if (malformed < 0) {
                throw new IllegalArgumentException("malformed: " + malformed + " (expected: >= 0)");
            }
        }
    }

    /**
     * Reads all lines of the header, as one list. Never throws for what they hold: unknown keys are skipped, an empty
     * value is unknown, the last of several values stands, and an entry that is not {@code key=value} in printable
     * ASCII is skipped and counted. Like in ztunnel a value ends at a second {@code =} and nothing is decoded; unlike
     * there one odd byte does not cost the whole header, and white space around entries and properties after {@code ;}
     * are left out.
     */
    public static Parsed parse(Iterable<? extends CharSequence> lines) {
        Reader reader = new Reader();
        for (CharSequence line : lines) {
            if (!reader.line(line)) {
                break;
            }
        }
        return reader.parsed();
    }

    /**
     * The header's value: the entries in ztunnel's order, without those whose value is empty. A value that would not be
     * read back as it is, for example with a comma in it, is left out as well: it must not forge an entry. Likewise a
     * workload of an unknown type.
     *
     * @return empty when there is nothing to say
     */
    public String header() {
        StringBuilder out = new StringBuilder(256);
        append(out, CLUSTER, clusterId);
        append(out, NAMESPACE, namespace);
        String workload = workloadKey(workloadType);
        if (workload != null) {
            append(out, workload, workloadName);
        }
        append(out, SERVICE_NAME, serviceName);
        append(out, SERVICE_VERSION, serviceVersion);
        append(out, REGION, region);
        append(out, ZONE, zone);
        return out.toString();
    }

    private static void append(StringBuilder out, String key, String value) {
        if (value.isEmpty() || !isWritable(value)) {
            return;
        }
        if (out.length() > 0) {
            out.append(',');
        }
        out.append(key).append('=').append(value);
    }

    private static boolean isWritable(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (!Text.isPrintable(c) || c == ',' || c == ';' || c == '=') {
                return false;
            }
        }
        return value.charAt(0) != ' ' && value.charAt(value.length() - 1) != ' ';
    }

    /** The key that names a workload of that type, or null for an unknown type. */
    private static @Nullable String workloadKey(String type) {
        return switch (type) {
            case "deployment" -> "k8s.deployment.name";
            case "cronjob" -> "k8s.cronjob.name";
            case "pod" -> "k8s.pod.name";
            case "job" -> "k8s.job.name";
            default -> null;
        };
    }

    /** Collects the entries of one header. */
    private static final class Reader {
        private String clusterId = "";
        private String namespace = "";
        private String workloadType = "";
        private String workloadName = "";
        private String serviceName = "";
        private String serviceVersion = "";
        private String region = "";
        private String zone = "";
        private int malformed;
        private int room = MAX_LENGTH;

        /** Reads a line; false when there was more than we read. */
        boolean line(CharSequence line) {
            int length = line.length();
            int start = 0;
            while (start < length) {
                // Searched no further than we read: a line may be of any length.
                int limit = Math.min(length, start + room);
                int end = Text.indexOf(line, ',', start, limit);
                if (end == limit && limit < length) {
                    malformed++;
                    return false;
                }
                entry(line, start, end);
                room -= Math.min(room, end + 1 - start);
                start = end + 1;
            }
            return true;
        }

        private void entry(CharSequence line, int from, int until) {
            int start = Text.skipSpace(line, from, until);
            int to = Text.trimSpace(line, start, until);
            if (start == to) {
                // RFC 9110 section 5.6.1: empty elements of a list are ignored.
                return;
            }
            int last = Text.indexOf(line, ';', start, to);
            int equals = Text.indexOf(line, '=', start, last);
            int keyEnd = Text.trimSpace(line, start, equals);
            if (equals == last || keyEnd == start || !isPrintable(line, start, to)) {
                malformed++;
                return;
            }
            int valueStart = Text.skipSpace(line, equals + 1, last);
            int valueEnd = Text.trimSpace(line, valueStart, Text.indexOf(line, '=', valueStart, last));
            set(line, start, keyEnd, valueStart, valueEnd);
        }

        private void set(CharSequence line, int keyStart, int keyEnd, int start, int end) {
            if (is(line, keyStart, keyEnd, CLUSTER)) {
                clusterId = text(line, start, end);
            } else if (is(line, keyStart, keyEnd, NAMESPACE)) {
                namespace = text(line, start, end);
            } else if (is(line, keyStart, keyEnd, SERVICE_NAME)) {
                serviceName = text(line, start, end);
            } else if (is(line, keyStart, keyEnd, SERVICE_VERSION)) {
                serviceVersion = text(line, start, end);
            } else if (is(line, keyStart, keyEnd, REGION)) {
                region = text(line, start, end);
            } else if (is(line, keyStart, keyEnd, ZONE)) {
                zone = text(line, start, end);
            } else {
                setWorkload(line, keyStart, keyEnd, start, end);
            }
        }

        private void setWorkload(CharSequence line, int keyStart, int keyEnd, int start, int end) {
            int typeStart = keyStart + WORKLOAD_PREFIX.length();
            int typeEnd = keyEnd - WORKLOAD_SUFFIX.length();
            if (typeStart >= typeEnd
                    || !is(line, keyStart, typeStart, WORKLOAD_PREFIX)
                    || !is(line, typeEnd, keyEnd, WORKLOAD_SUFFIX)) {
                return;
            }
            String type = text(line, typeStart, typeEnd);
            if (workloadKey(type) == null) {
                return;
            }
            workloadName = text(line, start, end);
            workloadType = workloadName.isEmpty() ? "" : type;
        }

        Parsed parsed() {
            return new Parsed(
                    new Baggage(
                            clusterId,
                            namespace,
                            workloadType,
                            workloadName,
                            serviceName,
                            serviceVersion,
                            region,
                            zone),
                    malformed);
        }

        private static boolean is(CharSequence line, int from, int to, String expected) {
            if (to - from != expected.length()) {
                return false;
            }
            for (int i = 0; i < expected.length(); i++) {
                if (line.charAt(from + i) != expected.charAt(i)) {
                    return false;
                }
            }
            return true;
        }

        private static String text(CharSequence line, int from, int to) {
            return from == to ? "" : line.subSequence(from, to).toString();
        }

        private static boolean isPrintable(CharSequence line, int from, int to) {
            for (int i = from; i < to; i++) {
                if (!Text.isPrintable(line.charAt(i))) {
                    return false;
                }
            }
            return true;
        }
    }
}
