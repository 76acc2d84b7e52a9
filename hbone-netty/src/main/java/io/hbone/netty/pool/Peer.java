package io.hbone.netty.pool;

import io.hbone.core.SpiffeId;
import io.hbone.netty.socket.Addresses;
import java.net.InetSocketAddress;
import java.util.Set;

/**
 * Where a tunnel leads: streams share a tunnel only when both are equal.
 *
 * @param address the peer's tunnel port, resolved
 * @param expected who the peer must be; empty fails every handshake
 */
public record Peer(InetSocketAddress address, Set<SpiffeId> expected) {
    public Peer {
        expected = Set.copyOf(expected);
        if (address.isUnresolved()) {
            throw new IllegalArgumentException("address: " + address + " (expected: resolved)");
        }
    }

    @Override
    public String toString() {
        return Addresses.text(address) + " as " + expected;
    }
}
