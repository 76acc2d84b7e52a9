package io.hbone.xds.model;

import io.hbone.core.IpLiteral;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/**
 * A range of addresses (RFC 4632, RFC 4291 section 2.3). Bits behind the prefix are cleared; IPv4-mapped ranges (RFC 4291 section
 * 2.5.5.2) are IPv4 ranges, as the addresses of connections are. It is kept as numbers, so that policies compare without allocation.
 *
 * @param v4 whether it is of IPv4
 * @param high the first 64 bits, of IPv4 the address in the upper half
 * @param low the other 64 bits, 0 for IPv4
 * @param prefix its length in bits, 0 to 32 or 128
 */
public record Cidr(boolean v4, long high, long low, int prefix) {
    private static final int V4_BYTES = 4;
    private static final int V6_BYTES = 16;
    private static final int MAPPED_BITS = 96;

    /** @throws IllegalArgumentException when {@code prefix} is more than the address has, or negative */
    public Cidr {
        int bits = v4 ? Integer.SIZE : 2 * Long.SIZE;
        if (prefix < 0 || prefix > bits) {
            throw new IllegalArgumentException("prefix length: " + prefix + " of "
                    + IpLiteral.format(address(v4, high, low)) + " (expected: 0 to " + bits + ")");
        }
        high &= highMask(prefix);
        low &= lowMask(prefix);
    }

    /**
     * The range of that address and prefix length.
     *
     * @throws IllegalArgumentException when {@code address} has not 4 or 16 bytes, or {@code prefix} is not one of its family
     */
    public static Cidr of(byte[] address, int prefix) {
        if (address.length == V4_BYTES) {
            return new Cidr(true, bits(address, 0, V4_BYTES) << Integer.SIZE, 0, prefix);
        }
        if (address.length != V6_BYTES) {
            throw new IllegalArgumentException("address: " + address.length + " bytes (expected: 4 or 16)");
        }
        if (prefix >= MAPPED_BITS && prefix <= 2 * Long.SIZE && isMapped(address)) {
            return of(Arrays.copyOfRange(address, V6_BYTES - V4_BYTES, V6_BYTES), prefix - MAPPED_BITS);
        }
        return new Cidr(false, bits(address, 0, Long.BYTES), bits(address, Long.BYTES, Long.BYTES), prefix);
    }

    /** The same of an address. */
    public static Cidr of(InetAddress address, int prefix) {
        return of(address.getAddress(), prefix);
    }

    /** The range of one address. */
    public static Cidr of(InetAddress address) {
        byte[] bytes = address.getAddress();
        return of(bytes, bytes.length * Byte.SIZE);
    }

    /** Its first address. */
    public InetAddress address() {
        return address(v4, high, low);
    }

    /** Whether it is one address. */
    public boolean isSingle() {
        return prefix == (v4 ? Integer.SIZE : 2 * Long.SIZE);
    }

    /** Whether {@code address} is in it; one of the other family never is. */
    public boolean contains(InetAddress address) {
        return contains(of(address));
    }

    /** Whether all of {@code other} is in it; of the other family nothing is. */
    public boolean contains(Cidr other) {
        return other.v4 == v4
                && other.prefix >= prefix
                && (other.high & highMask(prefix)) == high
                && (other.low & lowMask(prefix)) == low;
    }

    /** The first half of the netmask of that many bits. */
    public static long highMask(int prefix) {
        return prefix == 0 ? 0 : -1L << Math.max(0, Long.SIZE - prefix);
    }

    /** The other half. */
    public static long lowMask(int prefix) {
        return prefix <= Long.SIZE ? 0 : -1L << (2 * Long.SIZE - prefix);
    }

    private static boolean isMapped(byte[] address) {
        return bits(address, 0, Long.BYTES) == 0 && bits(address, Long.BYTES, V4_BYTES) == 0xffff;
    }

    private static long bits(byte[] bytes, int from, int count) {
        long bits = 0;
        for (int i = from; i < from + count; i++) {
            bits = bits << Byte.SIZE | (bytes[i] & 0xff);
        }
        return bits;
    }

    private static InetAddress address(boolean v4, long high, long low) {
        byte[] bytes = new byte[v4 ? V4_BYTES : V6_BYTES];
        for (int i = 0; i < bytes.length; i++) {
            long half = i < Long.BYTES ? high : low;
            bytes[i] = (byte) (half >>> (Long.SIZE - Byte.SIZE - Byte.SIZE * (i % Long.BYTES)));
        }
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError("4 or 16 bytes are always an address", e);
        }
    }

    /** {@code address/prefix}, such as {@code 10.0.0.0/8}. */
    @Override
    public String toString() {
        return IpLiteral.format(address()) + '/' + prefix;
    }
}
