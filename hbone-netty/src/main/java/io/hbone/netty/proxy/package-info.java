/**
 * The listeners of a node, for one workload each: what its application opens is captured by {@link
 * io.hbone.netty.proxy.OutboundListener}, what arrives for it comes in tunnels to {@link io.hbone.netty.proxy.InboundListener} and
 * plain to {@link io.hbone.netty.proxy.PlaintextListener}. They carry out what an {@code OutboundRouter}, an {@code InboundRouter}
 * and an {@code Authorizer} decide, and tell a {@code ConnectionObserver}.
 *
 * <p>A captured connection: {@code ListenSocket} accepts → {@code AcceptedConnection} keeps what comes early → {@code
 * OutboundConnection} or {@code PlaintextConnection} decides and connects → a relay takes its place.
 */
@NullMarked
package io.hbone.netty.proxy;

import org.jspecify.annotations.NullMarked;
