package io.hbone.core;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a tunnel request asks to be connected to: the {@code :authority} of a CONNECT (RFC 9113 section 8.5,
 * spec/ztunnel.md 2.1). A host has one spelling here, so equal destinations are equal values: IPv4 as a dotted quad,
 * IPv6 as RFC 5952 says and without brackets, IPv4-mapped IPv6 as IPv4, names in lower case.
 *
 * <p>Stricter than stock ztunnel, which lets the platform's parsers decide: nothing that another parser could read as
 * another destination is accepted ({@code +80}, {@code 080}, {@code 127.1}, {@code 0x7f000001}, zones, user info, white
 * space).
 *
 * @param host an IP literal, or a host name: labels of 1 to 63 characters of {@code a-z 0-9 - _}, no hyphen at a
 *     label's ends, at most 253 characters, no dot at the end, the last label not a number
 * @param port 1 to 65535
 */
public record Authority(String host, int port) {
    private static final int MAX_NAME = 253;
    private static final int MAX_LABEL = 63;

    /** A name, a colon, a port: no authority is longer. */
    private static final int MAX_LENGTH = MAX_NAME + 6;

    /**
     * @throws IllegalArgumentException when {@code host} is neither an IP literal without brackets nor a host name, or
     *     {@code port} is out of range
     */
    public Authority {
        host = canonical(host);
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("port: " + port + " (expected: 1 to 65535)");
        }
    }

    /**
     * Reads {@code host:port}, where an IPv6 address, and nothing else, is in brackets.
     *
     * @throws IllegalArgumentException when {@code text} is anything else
     */
    public static Authority parse(String text) {
        int length = text.length();
        if (length > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "authority: " + Text.quote(text) + " (expected: <= " + MAX_LENGTH + " characters)");
        }
        int colon = portColon(text);
        if (colon < 0) {
            throw new IllegalArgumentException(
                    "authority: " + Text.quote(text) + " (expected: host:port, brackets around IPv6 and nothing else)");
        }
        int port = Text.port(text, colon + 1, length);
        if (port < 0) {
            throw new IllegalArgumentException(
                    "authority: " + Text.quote(text) + " (expected: a port from 1 to 65535 in plain digits)");
        }
        String host = text.charAt(0) == '[' ? text.substring(1, colon - 1) : text.substring(0, colon);
        return new Authority(host, port);
    }

    /**
     * The authority of an address. An IPv6 zone is left out: it means nothing to a peer.
     *
     * @throws IllegalArgumentException when {@code address} is unresolved or its port is 0
     */
    public static Authority of(InetSocketAddress address) {
        InetAddress ip = address.getAddress();
        if (ip == null) {
            throw new IllegalArgumentException("address: " + Text.quote(address.toString()) + " (expected: resolved)");
        }
        return new Authority(IpLiteral.format(ip.getAddress()), address.getPort());
    }

    /**
     * The authority of a host and a port.
     *
     * @param host an IP literal without brackets, or a host name
     * @throws IllegalArgumentException when {@code host} is neither, or {@code port} is not 1 to 65535
     */
    public static Authority of(String host, int port) {
        return new Authority(host, port);
    }

    /** The address when the host is an IP literal, else null. Never asks DNS. */
    public @Nullable InetAddress address() {
        return IpLiteral.parse(host, 0, host.length());
    }

    /** As {@link #parse} reads it, an IPv6 host in brackets. */
    @Override
    public String toString() {
        return host.indexOf(':') < 0 ? host + ':' + port : '[' + host + "]:" + port;
    }

    /**
     * Where in {@code host:port} the colon before the port is; -1 when there is none, or brackets hold no IPv6 address.
     */
    static int portColon(String text) {
        int colon = text.indexOf(':');
        if (colon < 0 || text.charAt(0) != '[') {
            return colon;
        }
        int close = text.indexOf(']');
        boolean wellFormed = colon < close && text.startsWith(":", close + 1);
        return wellFormed ? close + 1 : -1;
    }

    private static String canonical(String host) {
        int length = host.length();
        if (host.indexOf(':') >= 0) {
            byte[] bytes = IpLiteral.parseV6(host, 0, length);
            if (bytes == null) {
                throw new IllegalArgumentException("host: " + Text.quote(host) + " (expected: a valid IPv6 address)");
            }
            return IpLiteral.format(bytes);
        }
        if (IpLiteral.parseV4(host, 0, length) >= 0) {
            return host;
        }
        if (!isName(host)) {
            throw new IllegalArgumentException(
                    "host: " + Text.quote(host) + " (expected: an IP address or a host name)");
        }
        return host.toLowerCase(Locale.ROOT);
    }

    private static boolean isName(String host) {
        int length = host.length();
        if (length == 0 || length > MAX_NAME) {
            return false;
        }
        int start = 0;
        while (true) {
            int end = Text.indexOf(host, '.', start, length);
            if (!isLabel(host, start, end)) {
                return false;
            }
            if (end == length) {
                // inet_aton and its heirs read such hosts as addresses: WHATWG URL, "ends in a number".
                return !isNumber(host, start, end);
            }
            start = end + 1;
        }
    }

    private static boolean isLabel(String host, int from, int to) {
        if (from == to || to - from > MAX_LABEL || host.charAt(from) == '-' || host.charAt(to - 1) == '-') {
            return false;
        }
        for (int i = from; i < to; i++) {
            char c = host.charAt(i);
            if (!(Text.isLower(c) || Text.isUpper(c) || Text.isDigit(c) || c == '-' || c == '_')) {
                return false;
            }
        }
        return true;
    }

    private static boolean isNumber(String host, int from, int to) {
        boolean hex = Text.startsWithIgnoreCase(host, from, to, "0x");
        for (int i = hex ? from + 2 : from; i < to; i++) {
            char c = host.charAt(i);
            if (hex ? Text.hexDigit(c) < 0 : !Text.isDigit(c)) {
                return false;
            }
        }
        return true;
    }
}
