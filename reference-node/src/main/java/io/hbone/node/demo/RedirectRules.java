package io.hbone.node.demo;

/**
 * The rules, as iptables-restore reads them. A pod's are those of Istio's CNI plug-in and of Cilium (spec/ztunnel.md 15), IPv4
 * without DNS: what the node marks (1337) is let alone, everything else goes to the node.
 */
final class RedirectRules {
    /** The mark of what the node sends. */
    static final int PACKET_MARK = 1337;

    /** The mark of what is to be delivered here although it is addressed to somebody else. */
    static final String HERE = "0x111/0xfff";

    static final String POD = """
            *mangle
            :ISTIO_PRERT - [0:0]
            :ISTIO_OUTPUT - [0:0]
            -A PREROUTING -j ISTIO_PRERT
            -A OUTPUT -j ISTIO_OUTPUT
            -A ISTIO_PRERT -m mark --mark 0x539/0xfff -j CONNMARK --set-xmark 0x111/0xfff
            -A ISTIO_OUTPUT -m connmark --mark 0x111/0xfff -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff
            COMMIT
            *nat
            :ISTIO_PRERT - [0:0]
            :ISTIO_OUTPUT - [0:0]
            -A PREROUTING -j ISTIO_PRERT
            -A OUTPUT -j ISTIO_OUTPUT
            -A ISTIO_PRERT -s 169.254.7.127/32 -p tcp -j ACCEPT
            -A ISTIO_PRERT ! -d 127.0.0.1/32 -p tcp ! --dport 15008 -m mark ! --mark 0x539/0xfff -j REDIRECT --to-ports 15006
            -A ISTIO_OUTPUT -d 169.254.7.127/32 -p tcp -j ACCEPT
            -A ISTIO_OUTPUT -p tcp -m mark --mark 0x111/0xfff -j ACCEPT
            -A ISTIO_OUTPUT ! -d 127.0.0.1/32 -o lo -j ACCEPT
            -A ISTIO_OUTPUT ! -d 127.0.0.1/32 -p tcp -m mark ! --mark 0x539/0xfff -j REDIRECT --to-ports 15001
            COMMIT
            """;

    /** The mark of what the wire sends on in the name of a client. */
    static final int WIRE_MARK = 0x222;

    static final int WIRE_PORT = 16_000;

    /** Of the client's connections, that none of the wire's own may be taken for one of them. */
    static final String WIRE_SOURCE_PORTS = "20000 29999";

    /** The wire takes every connection that crosses it, and the answers to those that it sends on. */
    static final String WIRE = """
            *mangle
            -A OUTPUT -m mark --mark 0x222/0xfff -j CONNMARK --set-xmark 0x111/0xfff
            -A PREROUTING -m connmark --mark 0x111/0xfff -j MARK --set-xmark 0x111/0xfff
            COMMIT
            *nat
            -A PREROUTING -p tcp -j REDIRECT --to-ports 16000
            COMMIT
            """;

    private RedirectRules() {}
}
