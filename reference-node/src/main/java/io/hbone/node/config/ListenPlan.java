package io.hbone.node.config;

import io.hbone.node.text.Ip;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where the node listens. The ports are those of ztunnel unless a variable moves them, which is for several nodes on one
 * machine; port 0 lets the system choose one, which is for tests.
 *
 * @param address {@code HBONE_BIND_ADDRESS}; null for all addresses
 * @param ipv6 {@code IPV6_ENABLED}: whether "all addresses" includes those of IPv6. Without it the process must be started with
 *     {@code java.net.preferIPv4Stack}, as {@code hbone proxy} does by itself
 * @param outbound {@code HBONE_OUTBOUND_PORT}: connections of the workload, redirected
 * @param inbound {@code HBONE_INBOUND_PORT}: HBONE
 * @param plaintext {@code HBONE_PLAINTEXT_PORT}: connections to the workload outside of tunnels, redirected
 * @param socks {@code HBONE_SOCKS_PORT} with {@code UNSTABLE_ENABLE_SOCKS5}: a test aid; null when it is off
 * @param readiness {@code HBONE_READINESS_PORT}
 * @param admin {@code HBONE_ADMIN_PORT}; on a loopback address only
 * @param metrics {@code HBONE_METRICS_PORT}
 */
public record ListenPlan(
        @Nullable InetAddress address,
        boolean ipv6,
        int outbound,
        int inbound,
        int plaintext,
        @Nullable Integer socks,
        int readiness,
        int admin,
        int metrics) {

    /** Where workloads serve HBONE that do not say otherwise. */
    public static final int HBONE = 15008;

    /** Ports that no connection may be forwarded to, because it would come back to the node (spec/ztunnel.md 1.1). */
    public Set<Integer> illegalPorts() {
        Set<Integer> ports = new LinkedHashSet<>();
        ports.add(outbound);
        ports.add(inbound);
        ports.add(plaintext);
        if (socks != null) {
            ports.add(socks);
        }
        return Set.copyOf(ports);
    }

    /** Where to listen for everybody. */
    public InetSocketAddress on(int port) {
        // Java's wildcard is of both families where there are both, although it is written as that of IPv4.
        return address == null ? new InetSocketAddress(port) : new InetSocketAddress(address, port);
    }

    /** The same for people. */
    public String show(int port) {
        return address == null && ipv6 ? "[::]:" + port : Ip.format(on(port));
    }

    /** Where to listen for this machine alone. */
    public InetSocketAddress onLoopback(int port) {
        InetAddress loopback = address != null && address.isLoopbackAddress() ? address : loopback();
        return new InetSocketAddress(loopback, port);
    }

    private static InetAddress loopback() {
        try {
            return InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        } catch (UnknownHostException e) {
            throw new AssertionError("four bytes are always an address", e);
        }
    }
}
