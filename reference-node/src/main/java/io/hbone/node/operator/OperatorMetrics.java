package io.hbone.node.operator;

import io.hbone.enrollment.operator.OperatorObserver;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/** What Cilium's operator counts (spec/cilium.md 5.2), under the same name, and whether this one leads and can do its work. */
public final class OperatorMetrics implements OperatorObserver {
    private final Counter entries;
    private final Gauge leading;
    private final Gauge spire;

    public OperatorMetrics(PrometheusRegistry registry) {
        entries = Counter.builder()
                .name("cilium_operator_ztunnel_enrollment_ops")
                .help("Entries that were sent to the SPIRE server")
                .labelNames("method", "outcome")
                .withoutExemplars()
                .register(registry);
        leading = Gauge.builder()
                .name("hbone_operator_leading")
                .help("1 for the operator that acts, 0 for those that stand by")
                .withoutExemplars()
                .register(registry);
        spire = Gauge.builder()
                .name("hbone_operator_spire_up")
                .help("1 when the SPIRE server answered the last time that it was asked")
                .withoutExemplars()
                .register(registry);
        leading.set(0);
    }

    @Override
    public void entries(String method, int done, int failed) {
        entries.labelValues(method, "success").inc(done);
        entries.labelValues(method, "fail").inc(failed);
    }

    @Override
    public void leading(boolean leads) {
        leading.set(leads ? 1 : 0);
    }

    @Override
    public void spire(String problem) {
        spire.set(problem.isEmpty() ? 1 : 0);
    }
}
