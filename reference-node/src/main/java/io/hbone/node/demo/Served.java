package io.hbone.node.demo;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a service saw of one connection that is over.
 *
 * @param peer the address it came from, without the port
 * @param received bytes that came
 * @param digest SHA-256 of them
 * @param sent bytes that went back
 */
record Served(String peer, long received, String digest, long sent) {

    Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("peer", peer);
        map.put("received", received);
        map.put("digest", digest);
        map.put("sent", sent);
        return map;
    }

    static Served of(Reading map) {
        return new Served(map.text("peer"), map.number("received"), map.text("digest"), map.number("sent"));
    }
}
