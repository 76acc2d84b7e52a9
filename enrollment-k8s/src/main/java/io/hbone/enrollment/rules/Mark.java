package io.hbone.enrollment.rules;

/** A mark on a packet or connection, and which of its bits count. */
record Mark(int value, int mask) {
    private static final int MASK = 0xfff;

    /** On what is to be delivered here although it is addressed to somebody else. */
    static final Mark HERE = new Mark(0x111, MASK);

    /** On what a node sends, with this {@code SO_MARK}. */
    static Mark ofNode(int packetMark) {
        return new Mark(packetMark, MASK);
    }

    /** Whether something bears it that has these bits. */
    boolean matches(int bits) {
        return (bits & mask) == value;
    }

    /** As iptables and ip write it. */
    @Override
    public String toString() {
        return hex(value) + '/' + hex(mask);
    }

    static String hex(int bits) {
        return "0x" + Integer.toHexString(bits);
    }
}
