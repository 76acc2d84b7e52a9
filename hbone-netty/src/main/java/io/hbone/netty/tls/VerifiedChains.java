package io.hbone.netty.tls;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Remembers chains that were verified, by the digest of what the peer sent. A peer's certificate stays the same for hours, and
 * verifying its signatures in Java costs more than the rest of a handshake. Whether a chain holds depends on its bytes, on the
 * authorities and on the time: the first is the key, the other two are compared at each use. That the peer has the private key is
 * proved in each handshake anew. Only what was accepted gets in, so a stranger cannot fill it. Safe for use by any thread.
 */
final class VerifiedChains {
    private final Map<ByteBuffer, VerifiedPeer> byDigest;

    /** @param capacity how many chains are remembered at most; the least recently used goes first */
    VerifiedChains(int capacity) {
        byDigest = Collections.synchronizedMap(new LinkedHashMap<ByteBuffer, VerifiedPeer>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<ByteBuffer, VerifiedPeer> eldest) {
                return size() > capacity;
            }
        });
    }

    @Nullable VerifiedPeer get(ByteBuffer digest) {
        return byDigest.get(digest);
    }

    void put(ByteBuffer digest, VerifiedPeer peer) {
        byDigest.put(digest, peer);
    }

    int size() {
        return byDigest.size();
    }
}
