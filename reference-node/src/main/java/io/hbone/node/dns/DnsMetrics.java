package io.hbone.node.dns;

import io.hbone.core.WorkloadMetadata;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/** ztunnel's metrics of its DNS proxy (spec/ztunnel.md 10.1). Safe for use by any thread. */
public final class DnsMetrics {
    private static final String[] LABELS = {
        "request_query_type", "request_protocol", "source_canonical_service", "source_canonical_revision"
    };

    private final Counter requests;
    private final Counter upstreamRequests;
    private final Counter upstreamFailures;
    private final Histogram upstreamDuration;

    public DnsMetrics(PrometheusRegistry registry) {
        requests = counter(registry, "istio_dns_requests", "Total number of DNS requests (unstable)");
        upstreamRequests = counter(
                registry,
                "istio_dns_upstream_requests",
                "Total number of DNS requests forwarded to upstream (unstable)");
        upstreamFailures = counter(
                registry,
                "istio_dns_upstream_failures",
                "Total number of DNS requests which failed to be forwarded upstream (unstable)");
        Histogram.Builder duration = Histogram.builder();
        duration.name("istio_dns_upstream_request_duration_seconds")
                .help("Total time in seconds it takes to get a response from upstream (unstable)")
                .labelNames(LABELS);
        duration.classicOnly().classicUpperBounds(0.0005, 0.001, 0.01, 0.1, 1, 5);
        duration.withoutExemplars();
        upstreamDuration = duration.register(registry);
    }

    private static Counter counter(PrometheusRegistry registry, String name, String help) {
        Counter.Builder builder = Counter.builder();
        builder.name(name).help(help).labelNames(LABELS);
        builder.withoutExemplars();
        return builder.register(registry);
    }

    void request(String[] labels) {
        requests.labelValues(labels).inc();
    }

    void forwarded(String[] labels) {
        upstreamRequests.labelValues(labels).inc();
    }

    void failed(String[] labels) {
        upstreamFailures.labelValues(labels).inc();
    }

    void replied(String[] labels, double seconds) {
        upstreamDuration.labelValues(labels).observe(seconds);
    }

    static String[] labels(Query query, boolean tcp, WorkloadMetadata source) {
        return new String[] {
            query.typeName(), tcp ? "tcp" : "udp", known(source.canonicalName()), known(source.canonicalRevision())
        };
    }

    private static String known(String value) {
        return value.isEmpty() ? "unknown" : value;
    }
}
