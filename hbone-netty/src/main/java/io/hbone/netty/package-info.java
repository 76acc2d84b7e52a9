/**
 * HBONE on Netty: HTTP/2 CONNECT streams in mutual TLS 1.3 between SPIFFE identities. This package, {@code
 * io.hbone.netty.proxy} and what {@code io.hbone.netty.socket} says of sockets
 * ({@code Transport}, {@code Sockets}, {@code SocketFactory}, {@code OriginalSource}, {@code OriginalDestination}) are the API; the other packages serve them:
 *
 * <ul>
 *   <li>{@code .tls}: contexts per certificate, and who a peer must be
 *   <li>{@code .h2}: frames, windows, limits; the state machines of a tunnel and its streams
 *   <li>{@code .pool}: which tunnel carries the next stream
 *   <li>{@code .relay}: two connections joined
 *   <li>{@code .socket}: transports and socket options
 * </ul>
 *
 * <p>A byte's way: {@code proxy.OutboundListener} (capture, route) → {@code pool} → {@code h2.TunnelStream} → {@code
 * h2.DataWriter} → TLS → wire → TLS → {@code h2.FrameReader} → {@code h2.TunnelStream} → {@code relay.StreamRelay} → application.
 */
@NullMarked
package io.hbone.netty;

import org.jspecify.annotations.NullMarked;
