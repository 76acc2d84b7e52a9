/**
 * Teaches a JVM what a node does: real traffic between two nodes in one process, told by a control plane as in a cluster, for a JVM
 * that records what it loads, links and compiles (JEP 483, 514 and 515), so that the next one starts warm. No node runs any of this.
 */
@NullMarked
package io.hbone.node.train;

import org.jspecify.annotations.NullMarked;
