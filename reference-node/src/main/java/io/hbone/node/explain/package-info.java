/**
 * What would happen to a connection, and by which resources: {@link io.hbone.node.explain.Explainer} asks the routers and the policy
 * engine that carry traffic, {@link io.hbone.node.explain.ExplainPage} answers operators of a running node.
 */
@NullMarked
package io.hbone.node.explain;

import org.jspecify.annotations.NullMarked;
