/**
 * What every reconciler over the Kubernetes API needs: {@link io.hbone.enrollment.kubernetes.MeshLabels}, the rule of who is
 * enrolled; {@link io.hbone.enrollment.kubernetes.ClusterWatch}, objects of the cluster with all but the needed fields dropped; and
 * {@link io.hbone.enrollment.kubernetes.WorkQueue}, names of things to look at, with retries.
 *
 * <p>Everything is level-triggered: an event says only where to look, and what is done follows from what is there then. So events
 * may come twice, late, or, after a restart, not at all.
 */
@NullMarked
package io.hbone.enrollment.kubernetes;

import org.jspecify.annotations.NullMarked;
