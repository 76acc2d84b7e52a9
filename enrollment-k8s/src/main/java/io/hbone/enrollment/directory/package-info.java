/**
 * What a cluster says of itself, as resources for nodes: {@link io.hbone.enrollment.directory.ClusterDirectory} watches pods, services
 * and policies at the API server, and keeps a {@link io.hbone.xds.ResourceSink} told of the workloads, services and authorizations
 * that follow from them. {@link io.hbone.enrollment.directory.PodWorkloads} says the same of one pod. {@link
 * io.hbone.enrollment.directory.StrictMtlsConditions} tells at the objects of our own kind whether they could be read.
 *
 * <p>The way of a change: an informer gives an object to {@code Items}, which keep only its facts ({@code ...Facts}, what a resource is
 * made of) in a {@code Table} of {@code ClusterFacts}; {@code Dependents} say which resources may be others now; {@code Publisher} has
 * them made anew by {@code Resources}, from the facts of the moment, and tells the sink. So it does not matter in which order objects
 * come, and of what the cluster has no more nothing is left, however its end was learnt. {@code OptionalKinds} are watched while the
 * cluster has them.
 *
 * <p>Meanings are istiod's where istiod has one (spec/ztunnel.md 4 to 6), and Cilium's for its own objects (spec/cilium.md 4.6, 4.7).
 * What differs: a workload's uid is its pod's, so that a pod which takes another's name is another workload; a policy that cannot be
 * read is made stricter where istiod drops what it cannot read; an endpoint of Cilium does not outlive its pod. Left out: workloads and
 * services of other kinds (ServiceEntry, WorkloadEntry), several networks, and GatewayClasses (a Gateway says itself what it is a
 * waypoint for).
 */
@NullMarked
package io.hbone.enrollment.directory;

import org.jspecify.annotations.NullMarked;
