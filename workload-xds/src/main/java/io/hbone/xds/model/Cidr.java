package io.hbone.xds.model;

import io.hbone.core.IpLiteral;
import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * A range of addresses (RFC 4632, RFC 4291 section 2.3).
 *
 * @param address its first address: the bits behind the prefix are zero
 * @param prefix in bits, 0 to 32 or 128
 */
public record Cidr(InetAddress address, int prefix) {

    /** @throws IllegalArgumentException when {@code prefix} is more than the address has, or negative */
    public Cidr {
        int bits = bits(address);
        if (prefix < 0 || prefix > bits) {
            throw new IllegalArgumentException(
                    "prefix length: " + prefix + " of " + IpLiteral.format(address) + " (expected: 0 to " + bits + ")");
        }
        address = masked(address, prefix);
    }

    /** One address. */
    public static Cidr of(InetAddress address) {
        return new Cidr(address, bits(address));
    }

    /** Whether it is one address. */
    public boolean isSingle() {
        return prefix == bits(address);
    }

    /** Whether {@code other} is in it; never for an address of the other family. */
    public boolean contains(InetAddress other) {
        return other.getClass() == address.getClass() && masked(other, prefix).equals(address);
    }

    /** {@code address/prefix}. */
    @Override
    public String toString() {
        return IpLiteral.format(address) + '/' + prefix;
    }

    private static int bits(InetAddress address) {
        return address.getAddress().length * Byte.SIZE;
    }

    private static InetAddress masked(InetAddress address, int prefix) {
        byte[] bytes = address.getAddress();
        int whole = prefix / Byte.SIZE;
        if (whole == bytes.length) {
            return address;
        }
        bytes[whole] &= (byte) (0xff00 >> prefix % Byte.SIZE);
        for (int i = whole + 1; i < bytes.length; i++) {
            bytes[i] = 0;
        }
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError("4 or 16 bytes are always an address", e);
        }
    }
}
