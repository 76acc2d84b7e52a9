package io.hbone.xds.model;

/**
 * Addresses that stand for a service.
 *
 * @param network where they do
 */
public record Vip(String network, Cidr range) {
    /** {@code network/ip}, or {@code network/ip/prefix} for more than one address. */
    @Override
    public String toString() {
        return range.isSingle() ? new NetworkAddress(network, range.address()).toString() : network + '/' + range;
    }
}
