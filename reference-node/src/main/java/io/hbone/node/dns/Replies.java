package io.hbone.node.dns;

import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponseCode;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Writes replies (RFC 1035 4.1). */
final class Replies {
    /** How long an answer counts, in seconds: as in stock ztunnel. */
    static final int TTL = 30;

    /** What everybody can take by UDP. */
    static final int MIN_PAYLOAD = 512;

    /** What a message can have at all. */
    static final int MAX_LENGTH = 65_535;

    private static final int REPLY = 0x8000;
    private static final int AUTHORITATIVE = 0x0400;
    private static final int TRUNCATED = 0x0200;
    private static final int RECURSION_AVAILABLE = 0x0080;
    /** Of a query: the opcode, and what the asker wants: recursion, no checks. */
    private static final int KEPT = 0x7910;

    /** Where the question's name is, for records that are about it. */
    private static final int NAME = 0xc000 | Query.HEAD;

    private static final int FIXED = 12; // of a record: pointer, type, class, TTL, length
    private static final int OPT_LENGTH = 11;

    private Replies() {}

    /** A reply that only says how it went, to a query that could be read. */
    static byte[] of(Query query, DnsResponseCode code) {
        ByteBuffer out = ByteBuffer.allocate(query.end() + OPT_LENGTH);
        begin(out, query, RECURSION_AVAILABLE | code.intValue());
        return end(out, query, 0);
    }

    /** The same to one that could not be read further than its head. */
    static byte[] toHead(byte[] message, DnsResponseCode code) {
        ByteBuffer out = ByteBuffer.allocate(Query.HEAD);
        out.putShort((short) (message[0] << 8 | (message[1] & 0xff)));
        out.putShort((short) (REPLY | (flags(message) & KEPT) | code.intValue()));
        return out.array();
    }

    /**
     * What the mesh says: nothing, when it knows the name and has no address of the family.
     *
     * @param limit bytes; addresses that do not fit are left out, and the reply says so
     */
    static byte[] of(Query query, Answer answer, int limit) {
        int optional = query.payload() == null ? 0 : OPT_LENGTH;
        String alias = answer.addresses().isEmpty() ? null : answer.alias();
        int aliasLength = alias == null ? 0 : FIXED + alias.length() + 2;
        int room = Math.max(limit, query.end() + aliasLength + optional) - query.end() - aliasLength - optional;
        int length = FIXED + (query.isForIpv6() ? 16 : 4);
        int fitting = Math.min(answer.addresses().size(), room / length);
        List<InetAddress> addresses = answer.addresses().subList(0, fitting);
        int flags = AUTHORITATIVE | RECURSION_AVAILABLE;
        if (fitting < answer.addresses().size()) {
            flags |= TRUNCATED;
        }
        ByteBuffer out = ByteBuffer.allocate(query.end() + aliasLength + fitting * length + optional);
        begin(out, query, flags);
        int owner = NAME;
        if (alias != null) {
            record(out, owner, DnsRecordType.CNAME, alias.length() + 2);
            owner = 0xc000 | out.position();
            name(out, alias);
        }
        for (InetAddress address : addresses) {
            byte[] bytes = address.getAddress();
            record(out, owner, address instanceof Inet4Address ? DnsRecordType.A : DnsRecordType.AAAA, bytes.length);
            out.put(bytes);
        }
        return end(out, query, addresses.size() + (alias == null ? 0 : 1));
    }

    private static int flags(byte[] message) {
        return (message[2] & 0xff) << 8 | (message[3] & 0xff);
    }

    private static void begin(ByteBuffer out, Query query, int flags) {
        out.put(query.message(), 0, query.end());
        out.putShort(2, (short) (REPLY | (flags(query.message()) & KEPT) | flags));
    }

    private static void record(ByteBuffer out, int owner, DnsRecordType type, int length) {
        out.putShort((short) owner)
                .putShort((short) type.intValue())
                .putShort((short) Query.INTERNET)
                .putInt(TTL)
                .putShort((short) length);
    }

    /** @param name that came out of a question, and so has labels that fit */
    private static void name(ByteBuffer out, String name) {
        for (String label : name.split("\\.", -1)) {
            out.put((byte) label.length()).put(label.getBytes(StandardCharsets.ISO_8859_1));
        }
        out.put((byte) 0);
    }

    private static byte[] end(ByteBuffer out, Query query, int answers) {
        if (query.payload() != null) {
            // The root, OPT, the most that is taken here, and no flags or options.
            out.put((byte) 0)
                    .putShort((short) DnsRecordType.OPT.intValue())
                    .putShort((short) Query.MAX_LENGTH)
                    .putInt(0)
                    .putShort((short) 0);
        }
        out.putShort(6, (short) answers).putShort(8, (short) 0).putShort(10, (short) (query.payload() == null ? 0 : 1));
        byte[] message = out.array();
        return out.position() == message.length ? message : Arrays.copyOf(message, out.position());
    }

    /** How long a reply to it may be by UDP. */
    static int limit(Query query) {
        Integer payload = query.payload();
        return payload == null ? MIN_PAYLOAD : Math.max(MIN_PAYLOAD, payload);
    }
}
