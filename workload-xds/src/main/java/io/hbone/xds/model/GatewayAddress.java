package io.hbone.xds.model;

/**
 * Refers to a waypoint, or to the gateway of a network.
 *
 * @param port where it serves HBONE, 1 to 65535
 */
public record GatewayAddress(Destination destination, int port) {

    /** What is referred to. */
    public sealed interface Destination {}

    /** A service, or else a workload, by its name. */
    public record Hostname(String namespace, String hostname) implements Destination {
        /** {@code namespace/hostname}. */
        @Override
        public String toString() {
            return namespace + '/' + hostname;
        }
    }

    /** An address. */
    public record Address(NetworkAddress address) implements Destination {
        /** {@code network/ip}. */
        @Override
        public String toString() {
            return address.toString();
        }
    }

    /** What it refers to and the port, for people. */
    @Override
    public String toString() {
        return destination + ":" + port;
    }
}
