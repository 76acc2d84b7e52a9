/**
 * The rules that lead a workload's traffic through its node: as data, for two conventions (spec/cilium.md 3, spec/ztunnel.md 15), and
 * how they get into a network namespace, are verified there, and leave it again.
 */
@NullMarked
package io.hbone.enrollment.rules;

import org.jspecify.annotations.NullMarked;
