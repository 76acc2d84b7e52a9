package io.hbone.xds.routing;

import io.hbone.core.IpLiteral;
import java.net.InetAddress;
import java.util.Objects;

/** The machine itself. */
final class Loopback {
    static final InetAddress V4 = Objects.requireNonNull(IpLiteral.parse("127.0.0.1"));
    static final InetAddress V6 = Objects.requireNonNull(IpLiteral.parse("::1"));

    private Loopback() {}
}
