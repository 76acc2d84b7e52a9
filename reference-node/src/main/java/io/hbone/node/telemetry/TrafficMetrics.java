package io.hbone.node.telemetry;

import io.hbone.core.ConnectionObserver;
import io.hbone.core.ResponseFlag;
import io.hbone.core.Route;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadMetadata;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.GaugeDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Istio's TCP metrics (spec/ztunnel.md 10.1) and ours of tunnels and refusals. Labels are resolved once for a connection, when
 * it opens.
 */
public final class TrafficMetrics implements ConnectionObserver {
    private static final String UNKNOWN = "unknown";

    private static final String[] LABELS = {
        "reporter",
        "source_workload",
        "source_canonical_service",
        "source_canonical_revision",
        "source_workload_namespace",
        "source_principal",
        "source_app",
        "source_version",
        "source_cluster",
        "destination_service",
        "destination_service_namespace",
        "destination_service_name",
        "destination_workload",
        "destination_canonical_service",
        "destination_canonical_revision",
        "destination_workload_namespace",
        "destination_principal",
        "destination_app",
        "destination_version",
        "destination_cluster",
        "request_protocol",
        "response_flags",
        "connection_security_policy",
        "source_region",
        "source_zone",
        "destination_region",
        "destination_zone"
    };

    private static final int RESPONSE_FLAGS = Arrays.asList(LABELS).indexOf("response_flags");

    private final Counter opened;
    private final Counter closed;
    private final Counter failed;
    private final Counter received;
    private final Counter sent;
    private final Counter denied;
    private final Counter tolerated;
    private final Counter revoked;
    private final Counter tunnelsOpened;
    private final Counter tunnelsClosed;
    private final Gauge tunnelsOpen;
    private final Gauge socketsOpen;
    private final Map<List<String>, Points> points = new ConcurrentHashMap<>();

    public TrafficMetrics(PrometheusRegistry registry) {
        opened =
                counter(registry, "istio_tcp_connections_opened", "The total number of TCP connections opened", LABELS);
        closed =
                counter(registry, "istio_tcp_connections_closed", "The total number of TCP connections closed", LABELS);
        failed = counter(
                registry,
                "istio_tcp_connections_failed",
                "The total number of TCP connections that failed to establish (unstable)",
                LABELS);
        received = counter(
                registry,
                "istio_tcp_received_bytes",
                "The size of total bytes received during request in case of a TCP connection",
                LABELS);
        sent = counter(
                registry,
                "istio_tcp_sent_bytes",
                "The size of total bytes sent during response in case of a TCP connection",
                LABELS);
        denied = counter(
                registry,
                "hbone_connections_denied",
                "Connections that ended before they could be attributed to anybody",
                "reporter",
                "response_flags");
        tolerated = counter(registry, "hbone_tolerated", "What peers sent that was wrong and was survived");
        revoked = counter(
                registry,
                "istio_crl_policy_rejections",
                "Connections refused or cut off because a certificate of the peer is revoked (unstable)",
                "reporter");
        tunnelsOpened = counter(registry, "hbone_tunnels_opened", "Tunnels that came up", "reporter", "cipher_suite");
        tunnelsClosed = counter(
                registry, "hbone_tunnels_closed", "Tunnels that were up and are gone", "reporter", "response_flags");
        socketsOpen = Gauge.builder()
                .name("istio_tcp_sockets_open")
                .help("The current number of open TCP connections of applications (unstable)")
                .labelNames("reporter")
                .register(registry);
        tunnelsOpen = Gauge.builder()
                .name("hbone_tunnels_open")
                .help("Tunnels that are up")
                .labelNames("reporter")
                .register(registry);
    }

    /** @param count how often plaintext was refused so far, because strict mTLS holds */
    public static void registerPlaintextRefused(PrometheusRegistry registry, LongSupplier count) {
        CounterWithCallback.builder()
                .name("hbone_plaintext_refused")
                .help("Connections outside of tunnels that strict mTLS refused")
                .callback(callback -> callback.call(count.getAsLong()))
                .register(registry);
    }

    private static Counter counter(PrometheusRegistry registry, String name, String help, String... labels) {
        Counter.Builder builder = Counter.builder();
        builder.name(name).help(help).labelNames(labels);
        // Nothing here traces, and every increment would ask whether something does.
        builder.withoutExemplars();
        return builder.register(registry);
    }

    @Override
    public Connection opened(ConnectionDetails details) {
        String[] labels = labels(details);
        Points held = points.computeIfAbsent(Arrays.asList(labels), key -> new Points(labels));
        held.opened.inc();
        held.open.inc();
        return new Counted(held);
    }

    @Override
    public void denied(
            Direction direction, InetSocketAddress source, InetSocketAddress destination, TunnelException why) {
        denied.labelValues(reporter(direction), why.flag().text()).inc();
        countIfRevoked(direction, why);
    }

    @Override
    public void tunnelOpened(TunnelDetails tunnel) {
        String reporter = reporter(tunnel.direction());
        tunnelsOpened.labelValues(reporter, tunnel.cipherSuite()).inc();
        tunnelsOpen.labelValues(reporter).inc();
    }

    @Override
    public void tunnelClosed(TunnelDetails tunnel, @Nullable TunnelException why) {
        String reporter = reporter(tunnel.direction());
        ResponseFlag flag = why == null ? ResponseFlag.NONE : why.flag();
        tunnelsClosed.labelValues(reporter, flag.text()).inc();
        if (why != null) {
            countIfRevoked(tunnel.direction(), why);
        }
        GaugeDataPoint open = tunnelsOpen.labelValues(reporter);
        open.dec();
    }

    @Override
    public void tolerated(InetSocketAddress peer, String what) {
        tolerated.inc();
    }

    private void countIfRevoked(Direction direction, TunnelException why) {
        if (why.flag() == ResponseFlag.CERT_REVOKED) {
            revoked.labelValues(reporter(direction)).inc();
        }
    }

    private static String reporter(Direction direction) {
        return direction == Direction.OUTBOUND ? "source" : "destination";
    }

    private static String[] labels(ConnectionDetails details) {
        WorkloadMetadata source = details.sourceWorkload();
        WorkloadMetadata destination = details.destinationWorkload();
        Route.ServiceRef service = details.service();
        return new String[] {
            reporter(details.direction()),
            known(source.workloadName()),
            known(source.canonicalName()),
            known(source.canonicalRevision()),
            known(source.namespace()),
            details.mutualTls() ? principal(source) : UNKNOWN,
            known(source.canonicalName()),
            known(source.canonicalRevision()),
            known(source.clusterId()),
            service == null ? UNKNOWN : known(service.hostname()),
            service == null ? UNKNOWN : known(service.namespace()),
            service == null ? UNKNOWN : known(service.name()),
            known(destination.workloadName()),
            known(destination.canonicalName()),
            known(destination.canonicalRevision()),
            known(destination.namespace()),
            principal(destination),
            known(destination.canonicalName()),
            known(destination.canonicalRevision()),
            known(destination.clusterId()),
            "tcp",
            ResponseFlag.NONE.text(),
            details.mutualTls() ? "mutual_tls" : UNKNOWN,
            known(source.region()),
            known(source.zone()),
            known(destination.region()),
            known(destination.zone())
        };
    }

    private static String known(String text) {
        return text.isEmpty() ? UNKNOWN : text;
    }

    private static String principal(WorkloadMetadata workload) {
        return workload.identity() == null ? UNKNOWN : workload.identity().toString();
    }

    /** The counters of all connections with the same labels. */
    private final class Points {
        private final String[] labels;
        private final CounterDataPoint opened;
        private final CounterDataPoint closed;
        private final CounterDataPoint received;
        private final CounterDataPoint sent;
        private final GaugeDataPoint open;

        Points(String[] labels) {
            this.labels = labels;
            this.opened = TrafficMetrics.this.opened.labelValues(labels);
            this.closed = TrafficMetrics.this.closed.labelValues(labels);
            this.received = TrafficMetrics.this.received.labelValues(labels);
            this.sent = TrafficMetrics.this.sent.labelValues(labels);
            this.open = socketsOpen.labelValues(labels[0]);
        }

        void closed(ResponseFlag flag) {
            open.dec();
            if (flag == ResponseFlag.NONE) {
                closed.inc();
                return;
            }
            String[] flagged = labels.clone();
            flagged[RESPONSE_FLAGS] = flag.text();
            TrafficMetrics.this.closed.labelValues(flagged).inc();
            failed.labelValues(flagged).inc();
        }
    }

    private static final class Counted implements Connection {
        private final Points points;

        Counted(Points points) {
            this.points = points;
        }

        @Override
        public void received(long bytes) {
            points.received.inc(bytes);
        }

        @Override
        public void sent(long bytes) {
            points.sent.inc(bytes);
        }

        @Override
        public void closed(@Nullable TunnelException why) {
            points.closed(why == null ? ResponseFlag.NONE : why.flag());
        }
    }
}
