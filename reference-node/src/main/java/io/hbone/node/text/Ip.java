package io.hbone.node.text;

import io.hbone.core.Authority;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** IP addresses as configuration spells them and as logs show them. Never asks DNS. */
public final class Ip {
    private Ip() {}

    /** The address that {@code text} spells, without brackets and zones, or null. */
    public static @Nullable InetAddress parse(String text) {
        try {
            return Authority.of(text, 1).address();
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** The one canonical spelling, IPv6 without brackets. */
    public static String format(InetAddress address) {
        return Authority.of(new InetSocketAddress(address, 1)).host();
    }

    /** The one canonical spelling, IPv6 in brackets. */
    public static String format(InetSocketAddress address) {
        InetAddress ip = address.getAddress();
        if (ip == null) {
            return address.getHostString() + ':' + address.getPort();
        }
        String host = format(ip);
        return host.indexOf(':') < 0 ? host + ':' + address.getPort() : '[' + host + "]:" + address.getPort();
    }
}
