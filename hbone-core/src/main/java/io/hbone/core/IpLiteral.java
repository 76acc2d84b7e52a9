package io.hbone.core;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes IP addresses as text. Unlike {@link InetAddress#getByName} it can never ask DNS, and it takes only
 * the spellings of RFC 6943 section 3.1.1 "strict" and RFC 4291 section 2.2: no {@code 127.1}, no {@code 0x7f.0.0.1},
 * no zones.
 */
public final class IpLiteral {
    private static final int V6_BYTES = 16;

    private IpLiteral() {}

    /** The address that {@code text} spells, without brackets and zones, or null. */
    public static @Nullable InetAddress parse(String text) {
        return parse(text, 0, text.length());
    }

    /** The one canonical spelling, IPv6 without brackets. */
    public static String format(InetAddress address) {
        return format(address.getAddress());
    }

    /** The address and its port in their one canonical spelling, IPv6 in brackets; a name where it is unresolved. */
    public static String format(InetSocketAddress address) {
        InetAddress ip = address.getAddress();
        String host = ip == null ? address.getHostString() : format(ip);
        return host.indexOf(':') < 0 ? host + ':' + address.getPort() : '[' + host + "]:" + address.getPort();
    }

    /** The address that {@code text} spells, without brackets, or null. */
    static @Nullable InetAddress parse(CharSequence text, int from, int to) {
        boolean colon = Text.indexOf(text, ':', from, to) < to;
        if (!colon) {
            long bits = parseV4(text, from, to);
            return bits < 0 ? null : address(bytes(bits));
        }
        byte[] bytes = parseV6(text, from, to);
        return bytes == null ? null : address(bytes);
    }

    /** The 32 bits of a dotted quad without leading zeros, or -1. */
    static long parseV4(CharSequence text, int from, int to) {
        long bits = 0;
        int at = from;
        for (int part = 0; part < 4; part++) {
            if (part > 0) {
                if (at >= to || text.charAt(at) != '.') {
                    return -1;
                }
                at++;
            }
            int start = at;
            int value = 0;
            while (at < to && at - start < 3 && Text.isDigit(text.charAt(at))) {
                value = value * 10 + (text.charAt(at) - '0');
                at++;
            }
            boolean leadingZero = at - start > 1 && text.charAt(start) == '0';
            if (at == start || value > 255 || leadingZero) {
                return -1;
            }
            bits = bits << 8 | value;
        }
        return at == to ? bits : -1;
    }

    /** The 16 bytes of an IPv6 address (RFC 4291 section 2.2, all three forms), or null. */
    static byte @Nullable [] parseV6(CharSequence text, int from, int to) {
        if (to - from < 2) {
            return null;
        }
        byte[] out = new byte[V6_BYTES];
        int length = 0;
        int gap = -1;
        int at = from;
        if (text.charAt(at) == ':') {
            if (text.charAt(at + 1) != ':') {
                return null;
            }
            gap = 0;
            at += 2;
        }
        while (at < to) {
            if (length == V6_BYTES) {
                return null;
            }
            int start = at;
            int group = 0;
            for (; at < to; at++) {
                int digit = Text.hexDigit(text.charAt(at));
                if (digit < 0) {
                    break;
                }
                if (at - start == 4) {
                    return null;
                }
                group = group << 4 | digit;
            }
            if (at == start) {
                return null;
            }
            if (at < to && text.charAt(at) == '.') {
                long v4 = length <= V6_BYTES - 4 ? parseV4(text, start, to) : -1;
                if (v4 < 0) {
                    return null;
                }
                System.arraycopy(bytes(v4), 0, out, length, 4);
                length += 4;
                break;
            }
            out[length++] = (byte) (group >> 8);
            out[length++] = (byte) group;
            if (at == to) {
                break;
            }
            if (text.charAt(at) != ':' || ++at == to) {
                return null;
            }
            if (text.charAt(at) == ':') {
                if (gap >= 0) {
                    return null;
                }
                gap = length;
                at++;
            }
        }
        if (gap < 0) {
            return length == V6_BYTES ? out : null;
        }
        // "::" stands for at least one group.
        if (length == V6_BYTES) {
            return null;
        }
        int tail = length - gap;
        System.arraycopy(out, gap, out, V6_BYTES - tail, tail);
        Arrays.fill(out, gap, V6_BYTES - tail, (byte) 0);
        return out;
    }

    /** The one canonical spelling: a dotted quad, or RFC 5952 without brackets. IPv4-mapped addresses become IPv4. */
    static String format(byte[] address) {
        if (address.length == 4) {
            return formatV4(address, 0);
        }
        return isV4Mapped(address) ? formatV4(address, 12) : formatV6(address);
    }

    /** Whether the address is in {@code ::ffff:0:0/96} (RFC 4291 section 2.5.5.2). */
    private static boolean isV4Mapped(byte[] address) {
        for (int i = 0; i < 10; i++) {
            if (address[i] != 0) {
                return false;
            }
        }
        return address[10] == -1 && address[11] == -1;
    }

    private static String formatV4(byte[] address, int from) {
        StringBuilder out = new StringBuilder(15);
        for (int i = 0; i < 4; i++) {
            if (i > 0) {
                out.append('.');
            }
            out.append(address[from + i] & 0xff);
        }
        return out.toString();
    }

    private static String formatV6(byte[] address) {
        // RFC 5952 section 4.2: the longest run of two or more zero groups is shortened, the first of equals.
        int gap = -1;
        int gapLength = 1;
        int run = 0;
        for (int i = 0; i < 8; i++) {
            run = group(address, i) == 0 ? run + 1 : 0;
            if (run > gapLength) {
                gapLength = run;
                gap = i - run + 1;
            }
        }
        StringBuilder out = new StringBuilder(39);
        for (int i = 0; i < 8; i++) {
            if (i == gap) {
                out.append("::");
                i += gapLength - 1;
                continue;
            }
            if (i > 0 && out.charAt(out.length() - 1) != ':') {
                out.append(':');
            }
            int group = group(address, i);
            int digits = group > 0xfff ? 4 : group > 0xff ? 3 : group > 0xf ? 2 : 1;
            Text.appendHex(out, group, digits);
        }
        return out.toString();
    }

    private static int group(byte[] address, int i) {
        return (address[2 * i] & 0xff) << 8 | (address[2 * i + 1] & 0xff);
    }

    private static byte[] bytes(long v4) {
        return new byte[] {(byte) (v4 >> 24), (byte) (v4 >> 16), (byte) (v4 >> 8), (byte) v4};
    }

    private static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError("4 or 16 bytes are always an address", e);
        }
    }
}
