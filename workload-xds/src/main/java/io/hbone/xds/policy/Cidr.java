package io.hbone.xds.policy;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/**
 * A range of addresses. Bits behind the prefix are cleared; IPv4-mapped ranges (RFC 4291 section 2.5.5.2) are IPv4 ranges, as the
 * addresses of connections are.
 *
 * @param v4 whether it is of IPv4
 * @param high the first 64 bits, of IPv4 the address in the upper half
 * @param low the other 64 bits, 0 for IPv4
 * @param length of the prefix, 0 to 32 or 128
 */
public record Cidr(boolean v4, long high, long low, int length) {
    private static final int V4_BYTES = 4;
    private static final int V6_BYTES = 16;
    private static final int MAPPED_BITS = 96;

    public Cidr {
        int max = v4 ? Integer.SIZE : 2 * Long.SIZE;
        if (length < 0 || length > max) {
            throw new IllegalArgumentException("prefix length: " + length + " (expected: 0 to " + max + " for an IPv"
                    + (v4 ? "4" : "6") + " address)");
        }
        high &= highMask(length);
        low &= lowMask(length);
    }

    /**
     * The range of that address and prefix length.
     *
     * @throws IllegalArgumentException when {@code address} has not 4 or 16 bytes, or {@code length} is not one of its family
     */
    public static Cidr of(byte[] address, int length) {
        if (address.length == V4_BYTES) {
            return new Cidr(true, bits(address, 0, V4_BYTES) << Integer.SIZE, 0, length);
        }
        if (address.length != V6_BYTES) {
            throw new IllegalArgumentException("address: " + address.length + " bytes (expected: 4 or 16)");
        }
        if (length >= MAPPED_BITS && length <= 2 * Long.SIZE && isMapped(address)) {
            return of(Arrays.copyOfRange(address, V6_BYTES - V4_BYTES, V6_BYTES), length - MAPPED_BITS);
        }
        return new Cidr(false, bits(address, 0, Long.BYTES), bits(address, Long.BYTES, Long.BYTES), length);
    }

    /** The range of one address. */
    public static Cidr of(InetAddress address) {
        byte[] bytes = address.getAddress();
        return of(bytes, bytes.length * Byte.SIZE);
    }

    /** Whether {@code address} is in it; one of the other family never is. */
    public boolean contains(InetAddress address) {
        Cidr other = of(address);
        return other.v4 == v4 && contains(other.high, other.low);
    }

    /** Whether the address with these bits, of the same family, is in it. */
    boolean contains(long otherHigh, long otherLow) {
        return (otherHigh & highMask(length)) == high && (otherLow & lowMask(length)) == low;
    }

    /** The first half of a netmask. */
    static long highMask(int length) {
        return length == 0 ? 0 : -1L << Math.max(0, Long.SIZE - length);
    }

    /** The other half of a netmask. */
    static long lowMask(int length) {
        return length <= Long.SIZE ? 0 : -1L << (2 * Long.SIZE - length);
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

    /** Such as {@code 10.0.0.0/8}. */
    @Override
    public String toString() {
        byte[] bytes = new byte[v4 ? V4_BYTES : V6_BYTES];
        for (int i = 0; i < bytes.length; i++) {
            long half = i < Long.BYTES ? high : low;
            bytes[i] = (byte) (half >>> (Long.SIZE - Byte.SIZE - Byte.SIZE * (i % Long.BYTES)));
        }
        try {
            return InetAddress.getByAddress(bytes).getHostAddress() + "/" + length;
        } catch (UnknownHostException e) {
            throw new AssertionError("4 or 16 bytes are always an address", e);
        }
    }
}
