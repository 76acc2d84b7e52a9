package io.hbone.node.demo;

/** The rules of the wire, as iptables-restore reads them; a pod's are those of {@link io.hbone.enrollment.rules}. */
final class WireRules {
    /** The mark of what is to be delivered here although it is addressed to somebody else. */
    static final String HERE = "0x111/0xfff";

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

    private WireRules() {}
}
