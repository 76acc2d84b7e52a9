package io.hbone.enrollment.rules;

import io.hbone.core.IpLiteral;
import io.hbone.xds.model.Cidr;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Objects;

/** A version of IP. */
public enum Family {
    IPV4("ip", "127.0.0.1", "169.254.7.127"),
    IPV6("ip6", "::1", "fd16:9254:7127:1337:ffff:ffff:ffff:ffff");

    private final String nft;
    private final Cidr loopback;
    private final Cidr probes;

    Family(String nft, String loopback, String probes) {
        this.nft = nft;
        this.loopback = host(loopback);
        this.probes = host(probes);
    }

    private static Cidr host(String address) {
        return Cidr.of(Objects.requireNonNull(IpLiteral.parse(address)));
    }

    static Family of(Cidr network) {
        return of(network.address());
    }

    static Family of(InetAddress address) {
        return address instanceof Inet4Address ? IPV4 : IPV6;
    }

    /** As nft calls it (nft(8), "Address families"). */
    String nft() {
        return nft;
    }

    /** What an application may call itself by without being led through the node. */
    Cidr loopback() {
        return loopback;
    }

    /** What the machine's own rules make the source of a health probe (spec/ztunnel.md 15, {@code HOST_PROBE_SNAT_IP}). */
    Cidr probes() {
        return probes;
    }
}
