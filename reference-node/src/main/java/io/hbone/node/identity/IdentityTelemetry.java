package io.hbone.node.identity;

import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.IdentityObserver;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs and counts what becomes of certificates. The counters are ours: ztunnel has none. */
public final class IdentityTelemetry implements IdentityObserver {
    private static final Logger log = LoggerFactory.getLogger("io.hbone.node.identity");

    private final Counter events;

    public IdentityTelemetry(PrometheusRegistry registry) {
        this.events = Counter.builder()
                .name("hbone_certificate_events")
                .help("What became of workloads' certificates, by source")
                .labelNames("source", "event")
                .register(registry);
    }

    private void count(String source, String event) {
        events.labelValues(source, event).inc();
    }

    @Override
    public void onFetch(String source, WorkloadIdentity workload) {
        count(source, "fetch");
        log.debug("{}: asking for a certificate of {}", source, workload);
    }

    @Override
    public void onCertificate(String source, WorkloadIdentity workload, WorkloadCertificate certificate) {
        count(source, "certificate");
        log.info("{}: {} uses certificate {} until {}", source, workload, certificate.serial(), certificate.notAfter());
    }

    @Override
    public void onFailure(String source, WorkloadIdentity workload, TunnelException error) {
        count(source, "failure");
        log.warn("{}: no new certificate for {}: {}", source, workload, error.explain());
    }

    @Override
    public void onRefusal(String source, WorkloadIdentity workload, TunnelException error) {
        count(source, "refusal");
        log.error("{}: what came for {} is refused: {}", source, workload, error.explain());
    }

    @Override
    public void onWithdrawal(String source, WorkloadIdentity workload, TunnelException error) {
        count(source, "withdrawal");
        log.warn("{}: the certificate of {} was taken back: {}", source, workload, error.explain());
    }

    @Override
    public void onExpiry(String source, WorkloadIdentity workload, WorkloadCertificate expired) {
        count(source, "expiry");
        log.error(
                "{}: certificate {} of {} ended at {} and nothing came in its place: its connections fail",
                source,
                expired.serial(),
                workload,
                expired.notAfter());
    }

    @Override
    public void onDiscard(String source, WorkloadIdentity workload) {
        count(source, "discard");
    }

    @Override
    public void onSourceFailure(String source, TunnelException error) {
        count(source, "source_failure");
        log.warn("{}: {}", source, error.explain());
    }
}
