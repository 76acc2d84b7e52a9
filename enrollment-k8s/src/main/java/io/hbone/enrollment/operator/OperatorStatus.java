package io.hbone.enrollment.operator;

import java.util.List;

/**
 * How an operator stands.
 *
 * @param leading whether it is the one that acts
 * @param synced whether it has read the cluster; only one that leads does
 * @param live whether changes of the cluster would reach it
 * @param spireProblem why the SPIRE server cannot be used; empty when it can, as far as is known
 * @param namespaces those in the mesh, and those that could not leave it
 */
public record OperatorStatus(
        boolean leading, boolean synced, boolean live, String spireProblem, List<NamespaceReport> namespaces) {}
