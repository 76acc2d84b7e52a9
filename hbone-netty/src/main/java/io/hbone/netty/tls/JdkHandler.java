package io.hbone.netty.tls;

import io.netty.handler.ssl.SslHandler;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/**
 * Knows what protocol the JDK's own engine agreed on; SslHandler asks only engines that Netty wrapped. Threading and reference
 * counting are SslHandler's.
 */
final class JdkHandler extends SslHandler {
    JdkHandler(SSLEngine engine) {
        super(engine);
    }

    /** Null when there is none, or none yet. */
    @Override
    public @Nullable String applicationProtocol() {
        String protocol = engine().getApplicationProtocol();
        return protocol == null || protocol.isEmpty() ? null : protocol;
    }
}
