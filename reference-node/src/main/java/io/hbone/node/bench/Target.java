package io.hbone.node.bench;

import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Whom a run measures.
 *
 * @param address of the server
 * @param socks a SOCKS5 server that leads there, such as a node's; null to connect straight
 * @param patience how long a connect, a greeting and an answer may each take
 */
record Target(InetSocketAddress address, @Nullable InetSocketAddress socks, Duration patience) {

    /**
     * An address that people wrote.
     *
     * @param option whose value it is, for the error
     * @throws BenchException when it is none, or its host is not known
     */
    static InetSocketAddress parse(String option, String text) throws BenchException {
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon).replaceAll("^\\[(.*)]$", "$1");
        try {
            int port = Integer.parseInt(text.substring(colon + 1));
            if (!host.isEmpty()) {
                InetSocketAddress address = new InetSocketAddress(host, port);
                if (address.isUnresolved()) {
                    throw new BenchException(option + ": no address is known for the host \"" + host + "\"");
                }
                return address;
            }
        } catch (IllegalArgumentException e) {
            // no number, or no port
        }
        throw new BenchException(option + ": \"" + text + "\" (expected: HOST:PORT or [IPV6]:PORT)");
    }

    /** As people write it. */
    static String text(InetSocketAddress address) {
        String host = address.getAddress().getHostAddress();
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
    }

    @Override
    public String toString() {
        return text(address) + (socks == null ? "" : " by SOCKS5 at " + text(socks));
    }
}
