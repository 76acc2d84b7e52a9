package io.hbone.node.demo;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a client saw of one connection.
 *
 * @param sent bytes it sent
 * @param sentDigest SHA-256 of them
 * @param received bytes it got back
 * @param receivedDigest SHA-256 of them
 * @param firstByteMicros from before the connect to the first byte that came back; -1 when none did
 * @param failure what went wrong, or null
 */
record Exchange(
        long sent,
        String sentDigest,
        long received,
        String receivedDigest,
        long firstByteMicros,
        @Nullable String failure) {

    /** Whether everything came back as it went out. */
    boolean whole() {
        return failure == null && sent == received && sentDigest.equals(receivedDigest);
    }

    Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("sent", sent);
        map.put("sentDigest", sentDigest);
        map.put("received", received);
        map.put("receivedDigest", receivedDigest);
        map.put("firstByteMicros", firstByteMicros);
        if (failure != null) {
            map.put("failure", failure);
        }
        return map;
    }

    static Exchange of(Reading map) {
        return new Exchange(
                map.number("sent"),
                map.text("sentDigest"),
                map.number("received"),
                map.text("receivedDigest"),
                map.number("firstByteMicros"),
                map.textOrNull("failure"));
    }
}
