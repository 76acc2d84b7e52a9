/**
 * Two connections joined: back-pressure, half-close and counting in both directions. Not API of this module.
 *
 * <p>What is joined is an application's socket with a stream of a tunnel ({@link io.hbone.netty.relay.StreamRelay}) or with
 * another socket ({@link io.hbone.netty.relay.SocketRelay}). Both ends live on one event loop.
 */
@NullMarked
package io.hbone.netty.relay;

import org.jspecify.annotations.NullMarked;
