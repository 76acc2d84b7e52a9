package io.hbone.xds.model;

import io.hbone.core.IpLiteral;
import java.net.InetAddress;

/**
 * An address in a network.
 *
 * @param network empty where there is only one
 */
public record NetworkAddress(String network, InetAddress address) {
    /** {@code network/ip}. */
    @Override
    public String toString() {
        return network + '/' + IpLiteral.format(address);
    }
}
