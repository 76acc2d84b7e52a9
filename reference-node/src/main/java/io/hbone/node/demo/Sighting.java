package io.hbone.node.demo;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A connection that is over, as a node saw it.
 *
 * @param outbound whether the node's own workload opened it
 * @param source who opened it
 * @param destination what was dialled; for a tunnel's receiving end the tunnel port
 * @param target what was asked for through a tunnel; null outside of one
 * @param sourceIdentity who opened it, when TLS proved it
 * @param fromOpener bytes that the end which opened it has sent
 * @param toOpener bytes that went back to it
 * @param error why it ended badly, or null
 */
record Sighting(
        boolean outbound,
        String source,
        String destination,
        @Nullable String target,
        @Nullable String sourceIdentity,
        long fromOpener,
        long toOpener,
        @Nullable String error) {

    Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("direction", outbound ? "outbound" : "inbound");
        map.put("source", source);
        map.put("destination", destination);
        map.put("target", target);
        map.put("sourceIdentity", sourceIdentity);
        map.put("fromOpener", fromOpener);
        map.put("toOpener", toOpener);
        map.put("error", error);
        return map;
    }
}
