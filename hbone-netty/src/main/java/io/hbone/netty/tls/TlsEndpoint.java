package io.hbone.netty.tls;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslHandler;
import org.jspecify.annotations.Nullable;

/** Makes the handlers of one certificate for one side of connections. Safe for use by any thread. */
interface TlsEndpoint {
    String PROTOCOL = "TLSv1.3";

    /** HTTP/2 over TLS (RFC 9113 section 3.2). */
    String ALPN = "h2";

    /** A handler with an engine of its own, or null after {@link #close}. The caller adds it to a pipeline, or it leaks. */
    @Nullable SslHandler newHandler(ByteBufAllocator allocator);

    /** No more handlers; those that exist keep what they need. To be called once. */
    void close();
}
