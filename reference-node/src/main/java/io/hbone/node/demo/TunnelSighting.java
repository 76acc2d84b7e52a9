package io.hbone.node.demo;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A tunnel that came up, as a node saw it.
 *
 * @param outbound whether the node dialled it
 * @param peer the other end's address
 * @param peerIdentity who the other end proved to be
 * @param cipherSuite as TLS names it
 */
record TunnelSighting(
        boolean outbound, String peer, @Nullable String peerIdentity, String cipherSuite) {

    Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("direction", outbound ? "outbound" : "inbound");
        map.put("peer", peer);
        map.put("peerIdentity", peerIdentity);
        map.put("cipherSuite", cipherSuite);
        return map;
    }
}
