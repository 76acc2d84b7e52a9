/**
 * The node as its users run it: child processes in network namespaces, real redirect rules, programs that we did not write.
 *
 * <p>{@link io.hbone.node.traffic.Pods} makes the namespaces, {@link io.hbone.node.traffic.Mesh} adds nodes and rules,
 * {@code app.py} and {@code client.py} are what runs beside Debian's programs. Needs root, and fails without it. What the nodes
 * logged is in {@code target/traffic}.
 */
package io.hbone.node.traffic;
