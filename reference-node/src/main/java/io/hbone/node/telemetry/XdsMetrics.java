package io.hbone.node.telemetry;

import io.grpc.Status;
import io.grpc.Status.Code;
import io.hbone.xds.Rejection;
import io.hbone.xds.ads.AdsObserver;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.List;

/** ztunnel's metrics of the xDS client (spec/ztunnel.md 10.1), and one of what it did not take. */
public final class XdsMetrics implements AdsObserver {
    private final Counter terminations;
    private final Counter messages;
    private final Counter bytes;
    private final Counter rejected;
    /** Whether the stream of now was answered on; of the client's thread. */
    private boolean answered;

    public XdsMetrics(PrometheusRegistry registry) {
        terminations = counter(
                registry,
                "istio_xds_connection_terminations",
                "The total number of completed connections to xds server (unstable)",
                "reason");
        messages = counter(registry, "istio_xds_message", "Total number of messages received (unstable)", "url");
        bytes = counter(
                registry, "istio_xds_message_bytes", "Total number of bytes received in messages (unstable)", "url");
        rejected = counter(registry, "hbone_xds_rejected", "Resources that came and could not be used", "url");
    }

    private static Counter counter(PrometheusRegistry registry, String name, String help, String label) {
        Counter.Builder builder = Counter.builder();
        builder.name(name).help(help).labelNames(label);
        builder.withoutExemplars();
        return builder.register(registry);
    }

    @Override
    public void received(String typeUrl, int size) {
        answered = true;
        messages.labelValues(typeUrl).inc();
        bytes.labelValues(typeUrl).inc(size);
    }

    @Override
    public void applied(String typeUrl, int upserts, int removals, List<Rejection> rejections) {
        if (!rejections.isEmpty()) {
            rejected.labelValues(typeUrl).inc(rejections.size());
        }
    }

    @Override
    public void disconnected(Status why, Duration retryIn) {
        terminations.labelValues(reason(why, answered)).inc();
        answered = false;
    }

    /** spec/ztunnel.md 7.4, whose rows these are. */
    private static String reason(Status why, boolean answered) {
        if (why.isOk()) {
            return "Complete";
        }
        if (!answered) {
            return "ConnectionError";
        }
        Code code = why.getCode();
        boolean aged = code == Code.UNKNOWN
                || code == Code.CANCELLED
                || code == Code.DEADLINE_EXCEEDED
                || code == Code.UNAVAILABLE;
        return aged ? "Reconnect" : "Error";
    }
}
