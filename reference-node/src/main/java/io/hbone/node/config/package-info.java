/**
 * What the node is told by its environment: ztunnel's variables (spec/ztunnel.md 14), so that a manifest written for ztunnel
 * starts this node, and a few of our own that begin with {@code HBONE_}. {@link io.hbone.node.config.ProxyConfig} is the one
 * result: read once, validated whole, immutable.
 *
 * <p>The rule for what we do not do yet: a setting that would weaken security or change where traffic goes when it is ignored
 * stops the start with a sentence; a setting that cannot do harm is ignored and named in {@code ProxyConfig.ignored()}.
 */
@NullMarked
package io.hbone.node.config;

import org.jspecify.annotations.NullMarked;
