/**
 * Who may talk to a local workload: Istio's L4 policies (spec/ztunnel.md 6), and strict mTLS.
 *
 * <p>A {@link io.hbone.xds.policy.Policy} is what somebody wrote, as values; {@link io.hbone.xds.policy.PolicyDecoder} reads it
 * from its protobuf. A {@link io.hbone.xds.policy.PolicyStore} holds those of today and swaps an immutable, compiled {@link
 * io.hbone.xds.policy.PolicySet} with each change; a {@link io.hbone.xds.policy.PolicyEngine} asks that set for every
 * connection. Everything that matches (sets of texts, ranges and ports, and the index of rules) is package-private, holds no
 * lock and allocates nothing.
 *
 * <p>What is stricter than in ztunnel: an entry that cannot be read rejects its policy by name, instead of vanishing from it and
 * widening or narrowing what it means; IPv4-mapped ranges are IPv4 ranges; strict mTLS is a value of its own; and a workload's
 * own list of policies counts as a change of policy.
 */
@NullMarked
package io.hbone.xds.policy;

import org.jspecify.annotations.NullMarked;
