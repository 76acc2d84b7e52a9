package io.hbone.netty.socket;

import io.netty.util.NetUtil;
import java.net.ConnectException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** One spelling for each address: sockets that serve both families report IPv4 peers as IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2). */
public final class Addresses {

    private static final int MAPPED_PREFIX = 12;

    private Addresses() {}

    /** The same address, as plain IPv4 where it is IPv4-mapped IPv6. What is canonical already is returned as it is. */
    public static InetSocketAddress canonical(InetSocketAddress address) {
        InetAddress ip = address.getAddress();
        if (ip == null) {
            return address;
        }
        InetAddress canonical = canonical(ip);
        return canonical.equals(ip) ? address : new InetSocketAddress(canonical, address.getPort());
    }

    /** The same for an address without a port. */
    public static InetAddress canonical(InetAddress address) {
        if (!(address instanceof Inet6Address)) {
            return address;
        }
        byte[] bytes = address.getAddress();
        if (!isMapped(bytes)) {
            return address;
        }
        return of(Arrays.copyOfRange(bytes, MAPPED_PREFIX, bytes.length));
    }

    /** The same for what a channel reports; null for anything but a resolved address of the internet, and for null. */
    public static @Nullable InetSocketAddress canonicalOrNull(@Nullable SocketAddress address) {
        return address instanceof InetSocketAddress internet && !internet.isUnresolved() ? canonical(internet) : null;
    }

    /** Whether a socket of one family reaches both. */
    public static boolean sameFamily(InetAddress one, InetAddress other) {
        return one instanceof Inet6Address == other instanceof Inet6Address;
    }

    /** @param bytes 4 or 16 of them; IPv4-mapped IPv6 becomes IPv4 */
    static InetAddress of(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError("4 or 16 bytes are always an address", e);
        }
    }

    private static boolean isMapped(byte[] bytes) {
        for (int i = 0; i < MAPPED_PREFIX - 2; i++) {
            if (bytes[i] != 0) {
                return false;
            }
        }
        return bytes[MAPPED_PREFIX - 2] == -1 && bytes[MAPPED_PREFIX - 1] == -1;
    }

    /** What Netty says of a connect that failed, with the address as {@link #text} writes it; io_uring leaves the address out. */
    public static String reason(Throwable failure, InetSocketAddress to) {
        String said = String.valueOf(failure.getMessage());
        String named = said.replace(to.toString(), text(to));
        return named.contains(text(to)) || !(failure instanceof ConnectException) ? named : named + ": " + text(to);
    }

    /** An address as operators write it: {@code 10.0.0.1:80}, {@code [fd00::1]:80}; an unknown one is {@code unknown}, one that is
     * not of the internet as it calls itself. */
    public static String text(@Nullable SocketAddress address) {
        InetSocketAddress known = canonicalOrNull(address);
        if (known != null) {
            return NetUtil.toSocketAddressString(known);
        }
        return address == null || address instanceof InetSocketAddress ? "unknown" : address.toString();
    }
}
