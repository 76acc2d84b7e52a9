/**
 * The operator of a cluster: service accounts of enrolled namespaces have entries at the SPIRE server, and nobody else does
 * (spec/cilium.md 5). {@link io.hbone.enrollment.operator.Operator} is the way in.
 *
 * <p>From the label to the entry: {@code ClusterAccounts} says who is to have one, {@code EntryReconciler} compares that with what
 * the server has and sends the difference, {@code NamespaceConditions} tells it at the namespace. Who leads also
 * tells at each StrictMtls whether it could be read. What belongs to the operator is known
 * by the id of the entry alone ({@code EntryTemplate}): others' entries are never changed or removed.
 */
@NullMarked
package io.hbone.enrollment.operator;

import org.jspecify.annotations.NullMarked;
