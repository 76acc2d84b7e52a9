/**
 * Mutual TLS 1.3 between SPIFFE identities: who the peer is, and whether it may be believed. Not public API: only {@code
 * io.hbone.netty} and its packages use what is here. {@link io.hbone.netty.tls.TlsContexts} is the way in, {@link
 * io.hbone.netty.tls.PeerIdentity} and {@link io.hbone.netty.tls.TlsFailures} are the two ways out.
 *
 * <p>The rules are those of spec/ztunnel.md 2.7 and spec/spire.md 4.2: TLS 1.3 only, a certificate on both sides, ALPN h2, no
 * server name, no host name check, no resumption of any kind, so that every connection is verified. Stricter than stock ztunnel:
 * a peer has one identity and not several, each trust domain is verified with its own authorities, and the client knows before
 * its own certificate goes out that the server is the expected one.
 *
 * <p><b>A client is ready before it is accepted.</b> In TLS 1.3 the client's handshake ends with its own last message, before the
 * server has looked at the client's certificate. A server's refusal reaches the client later, as an alert in place of the first
 * bytes that it reads, through {@code exceptionCaught} and not through the handshake future; when the server resets the
 * connection right after the alert, it may not arrive at all. Who opens a tunnel must hand an exception that comes before the
 * peer's first SETTINGS frame to {@link io.hbone.netty.tls.TlsFailures#isTls} as well.
 */
@NullMarked
package io.hbone.netty.tls;

import org.jspecify.annotations.NullMarked;
