package io.hbone.xds.model;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Ports of a service, and where each is at an endpoint. In the order in which they came; compact, as there is one for each endpoint. */
public final class PortMap {
    /** No ports. */
    public static final PortMap EMPTY = new PortMap(new char[0]);

    /** {@link #target} of a port that is not there. */
    public static final int ABSENT = -1;

    private static final int MAX_PORT = 65_535;

    /** Service port, target port, service port... */
    private final char[] pairs;

    private PortMap(char[] pairs) {
        this.pairs = pairs;
    }

    /**
     * @param ports service ports, 1 to 65535, and target ports, 0 to 65535; 0 for "not fixed"
     * @throws IllegalArgumentException when one is out of range
     */
    public static PortMap of(Map<Integer, Integer> ports) {
        if (ports.isEmpty()) {
            return EMPTY;
        }
        char[] pairs = new char[2 * ports.size()];
        int at = 0;
        for (Map.Entry<Integer, Integer> port : ports.entrySet()) {
            pairs[at++] = checked("service port", port.getKey(), 1);
            pairs[at++] = checked("target port", port.getValue(), 0);
        }
        return new PortMap(pairs);
    }

    private static char checked(String what, int port, int min) {
        if (port < min || port > MAX_PORT) {
            throw new IllegalArgumentException(
                    what + ": " + Integer.toUnsignedString(port) + " (expected: " + min + " to " + MAX_PORT + ")");
        }
        return (char) port;
    }

    /** Where {@code servicePort} is: 0 for "not fixed", {@link #ABSENT} when it is not one of these ports. */
    public int target(int servicePort) {
        for (int i = 0; i < pairs.length; i += 2) {
            if (pairs[i] == servicePort) {
                return pairs[i + 1];
            }
        }
        return ABSENT;
    }

    public int size() {
        return pairs.length / 2;
    }

    public int servicePort(int index) {
        return pairs[2 * index];
    }

    public int targetPort(int index) {
        return pairs[2 * index + 1];
    }

    /** A copy. */
    public Map<Integer, Integer> asMap() {
        Map<Integer, Integer> map = new LinkedHashMap<>();
        for (int i = 0; i < size(); i++) {
            map.put(servicePort(i), targetPort(i));
        }
        return Collections.unmodifiableMap(map);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PortMap that && Arrays.equals(pairs, that.pairs);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(pairs);
    }

    @Override
    public String toString() {
        return asMap().toString();
    }
}
