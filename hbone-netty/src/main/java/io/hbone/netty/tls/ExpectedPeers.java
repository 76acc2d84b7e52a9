package io.hbone.netty.tls;

import io.hbone.core.SpiffeId;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/**
 * Who may be at the other end of each connection whose handshake has not come to the peer's certificate yet. An SSLEngine is one
 * connection, both providers hand the trust manager the very engine that the connection's handler holds, and an engine is equal
 * only to itself: so what is expected of one connection can never be taken for another's, although they share a context. Safe
 * for use by any thread.
 *
 * <p>Weak, because a connection may end before its peer shows a certificate.
 */
final class ExpectedPeers {
    private final Map<SSLEngine, Set<SpiffeId>> byConnection = Collections.synchronizedMap(new WeakHashMap<>());

    void expect(SSLEngine connection, Set<SpiffeId> peers) {
        byConnection.put(connection, peers);
    }

    /** What was expected of {@code connection}, which is asked once; null when nothing was said. */
    @Nullable Set<SpiffeId> take(SSLEngine connection) {
        return byConnection.remove(connection);
    }
}
