package io.hbone.node.demo;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A TCP connection as it crossed the wire.
 *
 * @param source who opened it
 * @param destination whom it reached
 * @param there what the opener sent
 * @param back what came back
 */
record Flow(String source, String destination, Half there, Half back) {
    private static final String SPIFFE = "spiffe://";

    /**
     * One direction.
     *
     * @param bytes how many
     * @param markers how often the payload's marker is in them
     * @param identities how often a SPIFFE id begins in them
     * @param tls what they are as TLS
     */
    record Half(long bytes, int markers, int identities, TlsRecords tls) {

        static Half of(byte[] captured, String marker) {
            return new Half(
                    captured.length,
                    Payload.count(captured, marker),
                    Payload.count(captured, SPIFFE),
                    TlsRecords.of(captured));
        }

        Map<String, Object> toMap() {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("bytes", bytes);
            map.put("markers", markers);
            map.put("identities", identities);
            map.put("tls", tls.toMap());
            return map;
        }

        static Half of(Reading map) {
            return new Half(
                    map.number("bytes"),
                    (int) map.number("markers"),
                    (int) map.number("identities"),
                    TlsRecords.of(map.object("tls")));
        }
    }

    Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("source", source);
        map.put("destination", destination);
        map.put("there", there.toMap());
        map.put("back", back.toMap());
        return map;
    }

    static Flow of(Reading map) {
        return new Flow(
                map.text("source"), map.text("destination"), Half.of(map.object("there")), Half.of(map.object("back")));
    }
}
