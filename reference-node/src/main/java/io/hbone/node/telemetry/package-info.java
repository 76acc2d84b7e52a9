/**
 * What the node says of what it does: the access log and the log lines around it (spec/ztunnel.md 10.3), and the metrics (10.1)
 * with the page that shows them (10.2). {@link io.hbone.node.telemetry.AccessLog} and {@link
 * io.hbone.node.telemetry.TrafficMetrics} observe the data plane through {@link io.hbone.core.ConnectionObserver} and through
 * nothing else.
 *
 * <p>Names, labels, fields and formats are ztunnel's: dashboards, alerts and {@code istioctl} read them. What we add begins with
 * {@code hbone_}.
 */
@NullMarked
package io.hbone.node.telemetry;

import org.jspecify.annotations.NullMarked;
