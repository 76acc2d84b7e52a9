/**
 * Where sockets come from: transports, socket options, the original destination of a redirected connection, connects that keep
 * the client's address. {@link io.hbone.netty.socket.Transport}, {@link io.hbone.netty.socket.Sockets}, {@link
 * io.hbone.netty.socket.OriginalSource} and {@link io.hbone.netty.socket.OriginalDestination} are API; the rest serves this module.
 */
@NullMarked
package io.hbone.netty.socket;

import org.jspecify.annotations.NullMarked;
