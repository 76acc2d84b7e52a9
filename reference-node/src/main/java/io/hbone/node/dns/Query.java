package io.hbone.node.dns;

import io.netty.handler.codec.dns.DnsRecordType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What is asked (RFC 1035 4.1): the head and the question of a message, and how much the asker can take (RFC 6891 6.1.2).
 *
 * @param message all of it; not to be changed
 * @param name without the dot at its end, in lower case, each byte one character; empty for the root
 * @param type of records, see {@link DnsRecordType}
 * @param end where the question ends in {@code message}
 * @param payload the most bytes by UDP that the asker has said it can take; null when it does not speak EDNS
 */
record Query(
        byte[] message,
        String name,
        int type,
        int dnsClass,
        int end,
        @Nullable Integer payload) {
    /** The length of a message's head. */
    static final int HEAD = 12;

    /** More than any question takes; it bounds the work for one. */
    static final int MAX_LENGTH = 4096;

    static final int INTERNET = 1;

    private static final int OPT = 41;
    private static final int MAX_LABEL = 63;
    private static final int MAX_NAME = 255;

    /** Whether it is a query at all, rather than a reply that must never be replied to, or too short to tell. */
    static boolean isQuery(byte[] message) {
        return message.length >= HEAD && (message[2] & 0x80) == 0;
    }

    /** What it wants done, 0 for a question. Of what {@link #isQuery}. */
    static int opcode(byte[] message) {
        return message[2] >> 3 & 0xf;
    }

    /**
     * Reads it.
     *
     * @param message what {@link #isQuery}
     * @throws IllegalArgumentException when it is not one question that can be read
     */
    static Query parse(byte[] message) {
        if (message.length > MAX_LENGTH) {
            throw malformed(message.length + " bytes", "at most " + MAX_LENGTH);
        }
        ByteBuffer in = ByteBuffer.wrap(message);
        int questions = in.getShort(4) & 0xffff;
        if (questions != 1) {
            throw malformed(questions + " questions", "one");
        }
        in.position(HEAD);
        String name = name(in);
        int type = unsigned(in);
        int dnsClass = unsigned(in);
        int end = in.position();
        int records = (in.getShort(6) & 0xffff) + (in.getShort(8) & 0xffff) + (in.getShort(10) & 0xffff);
        Integer payload = null;
        for (int i = 0; i < records; i++) {
            skipName(in);
            boolean opt = unsigned(in) == OPT;
            int size = unsigned(in); // of others the class
            skip(in, 4);
            skip(in, unsigned(in));
            payload = opt ? Integer.valueOf(size) : payload;
        }
        return new Query(message, name.toLowerCase(Locale.ROOT), type, dnsClass, end, payload);
    }

    /** Of a question, which has nothing before it that it could point to. */
    private static String name(ByteBuffer in) {
        StringBuilder name = new StringBuilder();
        int begin = in.position();
        for (int length = unsignedByte(in); length > 0; length = unsignedByte(in)) {
            if (length > MAX_LABEL || length > in.remaining()) {
                throw malformed("a label of " + length + " bytes", "at most " + MAX_LABEL + ", all there");
            }
            // A dot inside of a label is no dot between two: no name of the mesh has one.
            String label =
                    new String(in.array(), in.position(), length, StandardCharsets.ISO_8859_1).replace('.', '\0');
            name.append(name.length() == 0 ? "" : ".").append(label);
            skip(in, length);
        }
        if (in.position() - begin > MAX_NAME) {
            throw malformed("a name of " + (in.position() - begin) + " bytes", "at most " + MAX_NAME);
        }
        return name.toString();
    }

    private static void skipName(ByteBuffer in) {
        for (int length = unsignedByte(in); length > 0; length = unsignedByte(in)) {
            if (length > MAX_LABEL) {
                skip(in, 1); // a pointer ends it
                return;
            }
            skip(in, length);
        }
    }

    private static int unsignedByte(ByteBuffer in) {
        require(in, 1);
        return in.get() & 0xff;
    }

    private static int unsigned(ByteBuffer in) {
        require(in, 2);
        return in.getShort() & 0xffff;
    }

    private static void skip(ByteBuffer in, int count) {
        require(in, count);
        in.position(in.position() + count);
    }

    private static void require(ByteBuffer in, int count) {
        if (in.remaining() < count) {
            throw malformed("it ends after " + in.limit() + " bytes", "all that it announces");
        }
    }

    private static IllegalArgumentException malformed(String what, String expected) {
        return new IllegalArgumentException("DNS query: " + what + " (expected: " + expected + ")");
    }

    int id() {
        return ByteBuffer.wrap(message).getShort() & 0xffff;
    }

    /** Whether it asks for what the mesh can answer: addresses. */
    boolean isForAddresses() {
        return dnsClass == INTERNET && (type == DnsRecordType.A.intValue() || isForIpv6());
    }

    boolean isForIpv6() {
        return type == DnsRecordType.AAAA.intValue();
    }

    /** What records of the asked type are called, for logs and metrics; "unknown" for those that nobody has named. */
    String typeName() {
        DnsRecordType known = DnsRecordType.valueOf(type);
        return known.name().equals("UNKNOWN") ? "unknown" : known.name();
    }

    @Override
    public String toString() {
        return typeName() + ' ' + name + '.';
    }
}
