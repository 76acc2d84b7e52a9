package io.hbone.node.dns;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.dns.DefaultDnsRecordDecoder;
import io.netty.handler.codec.dns.DnsRawRecord;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordDecoder;
import io.netty.handler.codec.dns.DnsRecordType;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Writes queries, and reads replies by Netty's codec, which did not write them. */
final class Messages {
    static final int A = DnsRecordType.A.intValue();
    static final int AAAA = DnsRecordType.AAAA.intValue();
    static final int TXT = DnsRecordType.TXT.intValue();
    static final int NO_EDNS = 0;

    private Messages() {}

    /** @param payload 0 for none */
    static byte[] query(int id, String name, int type, int payload) {
        ByteBuffer out = ByteBuffer.allocate(600);
        out.putShort((short) id)
                .putShort((short) 0x0100)
                .putShort((short) 1)
                .putShort((short) 0)
                .putShort((short) 0);
        out.putShort((short) (payload > 0 ? 1 : 0));
        for (String label : name.split("\\.")) {
            out.put((byte) label.length()).put(label.getBytes(StandardCharsets.ISO_8859_1));
        }
        out.put((byte) 0).putShort((short) type).putShort((short) 1);
        if (payload > 0) {
            out.put((byte) 0)
                    .putShort((short) 41)
                    .putShort((short) payload)
                    .putInt(0)
                    .putShort((short) 0);
        }
        return Arrays.copyOf(out.array(), out.position());
    }

    static byte[] query(String name, int type) {
        return query(4711, name, type, NO_EDNS);
    }

    /** A reply, read. */
    record Reply(int id, int flags, String question, List<Entry> answers, List<Entry> others) {
        int code() {
            return flags & 0xf;
        }

        boolean authoritative() {
            return (flags & 0x0400) != 0;
        }

        boolean truncated() {
            return (flags & 0x0200) != 0;
        }

        List<String> addresses() {
            return answers.stream()
                    .filter(a -> a.type == A || a.type == AAAA)
                    .map(Entry::data)
                    .toList();
        }
    }

    /** @param data an address, or a name */
    record Entry(String name, int type, long ttl, int dnsClass, String data) {}

    static Reply read(byte[] message) {
        ByteBuf in = Unpooled.wrappedBuffer(message);
        try {
            int id = in.readUnsignedShort();
            int flags = in.readUnsignedShort();
            int questions = in.readUnsignedShort();
            int answers = in.readUnsignedShort();
            int authorities = in.readUnsignedShort();
            int additional = in.readUnsignedShort();
            String question = questions == 0
                    ? ""
                    : DnsRecordDecoder.DEFAULT.decodeQuestion(in).name();
            List<Entry> found = entries(in, answers);
            List<Entry> others = entries(in, authorities + additional);
            if (in.isReadable()) {
                throw new AssertionError(in.readableBytes() + " bytes more than announced");
            }
            return new Reply(id, flags, question, found, others);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static List<Entry> entries(ByteBuf in, int count) throws Exception {
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            DnsRecord record = DnsRecordDecoder.DEFAULT.decodeRecord(in);
            String data = "";
            if (record instanceof DnsRawRecord raw) {
                byte[] bytes = ByteBufUtil.getBytes(raw.content());
                if (raw.type().equals(DnsRecordType.CNAME)) {
                    data = DefaultDnsRecordDecoder.decodeName(raw.content());
                } else if (bytes.length == 4 || bytes.length == 16) {
                    data = InetAddress.getByAddress(bytes).getHostAddress();
                }
                raw.release();
            }
            entries.add(
                    new Entry(record.name(), record.type().intValue(), record.timeToLive(), record.dnsClass(), data));
        }
        return entries;
    }
}
