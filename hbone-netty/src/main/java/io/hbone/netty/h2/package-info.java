/**
 * HTTP/2 as a tunnel needs it (RFC 9113): not API of this module.
 *
 * <p>Netty's codec reads and writes what is rare (SETTINGS, HEADERS with HPACK, PING, GOAWAY, RST_STREAM). DATA has a path of its
 * own: {@link io.hbone.netty.h2.FrameReader} passes slices on as they are decrypted, without waiting for a whole frame and
 * without joining buffers, and {@link io.hbone.netty.h2.Tunnel} puts a frame header before what an application sent. Flow control
 * and limits are plain classes without Netty in them; {@link io.hbone.netty.h2.Tunnel} is the state machine of a connection and
 * {@link io.hbone.netty.h2.TunnelStream} that of a stream.
 *
 * <p>Flow control is end to end for a stream and free for the tunnel: a stream's credit goes back when its application has taken
 * the bytes, the connection's as soon as they arrive, so that an application that stops reading holds its own window and nothing
 * else.
 *
 * <p>Everything here belongs to the event loop of its connection and may be touched by no other thread.
 */
@NullMarked
package io.hbone.netty.h2;

import org.jspecify.annotations.NullMarked;
