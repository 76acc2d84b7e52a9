package io.hbone.enrollment.conntrack;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Netlink messages about tracked connections (netlink(7); uapi/linux/netlink.h, nfnetlink.h, nfnetlink_conntrack.h). */
final class ConntrackMessages {
    /** More than any message of the kernel has, and what is sent at once. */
    static final int MAX_BYTES = 1 << 16;

    private static final int HEADER_BYTES = 16;
    private static final int FAMILY_BYTES = 4;
    private static final int ATTRIBUTE_BYTES = 4;
    private static final int ALIGNMENT = 4;

    private static final int ERROR = 2;
    private static final int DONE = 3;
    private static final int SUBSYSTEM = 1 << 8;
    private static final int NEW = SUBSYSTEM;
    private static final int GET = SUBSYSTEM | 1;
    private static final int DELETE = SUBSYSTEM | 2;

    private static final int REQUEST = 0x1;
    private static final int ACKNOWLEDGE = 0x4;
    private static final int DUMP = 0x300;

    private static final int TYPE_MASK = 0x3fff;
    private static final int ORIGINAL = 1;
    private static final int REPLY = 2;
    private static final int STATUS = 3;
    private static final int MARK = 8;
    private static final int ID = 12;
    private static final int ZONE = 18;
    private static final int TUPLE_TRANSPORT = 2;
    private static final int SOURCE_PORT = 2;

    private static final int ENOENT = 2;

    private ConntrackMessages() {}

    /** Asks for all. */
    static byte[] dump(int sequence) {
        ByteBuffer out = buffer(HEADER_BYTES + FAMILY_BYTES);
        header(out, GET, REQUEST | DUMP, sequence, 0, 0);
        return out.array();
    }

    /** Asks to forget those; the last of the answers has this sequence number. */
    static byte[] delete(List<TrackedConnection> connections, int sequence) {
        ByteBuffer out = buffer(connections.stream()
                .mapToInt(each -> HEADER_BYTES + FAMILY_BYTES + each.key().remaining())
                .sum());
        for (int i = 0; i < connections.size(); i++) {
            TrackedConnection connection = connections.get(i);
            boolean last = i == connections.size() - 1;
            ByteBuffer key = connection.key();
            int flags = last ? REQUEST | ACKNOWLEDGE : REQUEST;
            header(out, DELETE, flags, last ? sequence : 0, connection.family(), key.remaining());
            out.put(key);
        }
        return out.array();
    }

    private static void header(ByteBuffer out, int type, int flags, int sequence, int family, int attributes) {
        out.putInt(HEADER_BYTES + FAMILY_BYTES + attributes)
                .putShort((short) type)
                .putShort((short) flags)
                .putInt(sequence)
                .putInt(0)
                .put((byte) family)
                .put((byte) 0) // version
                .putShort((short) 0);
    }

    /**
     * Reads what was received.
     *
     * @param found is given each connection of it
     * @return whether nothing more comes: it holds the end of a dump, or the answer with this sequence number
     * @throws IOException when the kernel refused, or says what is not understood
     */
    static boolean read(ByteBuffer received, int sequence, Consumer<TrackedConnection> found) throws IOException {
        ByteBuffer in = received.order(ByteOrder.nativeOrder());
        boolean end = false;
        while (in.remaining() >= HEADER_BYTES) {
            int at = in.position();
            int length = in.getInt(at);
            if (length < HEADER_BYTES || length > in.remaining()) {
                throw new IOException("a netlink message of " + length + " bytes (expected: " + HEADER_BYTES + " to "
                        + in.remaining() + ')');
            }
            ByteBuffer body = in.slice(at + HEADER_BYTES, length - HEADER_BYTES).order(ByteOrder.nativeOrder());
            int type = Short.toUnsignedInt(in.getShort(at + 4));
            if (type == DONE) {
                end = true;
            } else if (type == ERROR) {
                int error = -body.getInt(0);
                if (error != 0 && error != ENOENT) { // gone is as good
                    throw new IOException("the kernel refused to look into or change tracked connections, errno "
                            + error + " (expected: CAP_NET_ADMIN, and nf_conntrack_netlink)");
                }
                end |= in.getInt(at + 8) == sequence;
            } else if (type == NEW) {
                TrackedConnection connection = connection(body);
                if (connection != null) {
                    found.accept(connection);
                }
            }
            in.position(Math.min(in.limit(), at + aligned(length)));
        }
        return end;
    }

    private static @Nullable TrackedConnection connection(ByteBuffer body) throws IOException {
        int family = Byte.toUnsignedInt(body.get(0));
        ByteBuffer key = buffer(body.remaining());
        int[] values = new int[4];
        attributes(body.position(FAMILY_BYTES), (type, whole, value) -> {
            switch (type) {
                case ORIGINAL, ID, ZONE -> key.put(whole);
                case REPLY -> values[0] = sourcePort(value);
                case STATUS -> values[1] = value.order(ByteOrder.BIG_ENDIAN).getInt();
                case MARK -> values[2] = value.order(ByteOrder.BIG_ENDIAN).getInt();
                default -> {}
            }
        });
        return values[0] == 0 ? null : new TrackedConnection(family, values[1], values[0], values[2], key.flip());
    }

    private static int sourcePort(ByteBuffer tuple) throws IOException {
        int[] port = new int[1];
        attributes(tuple, (type, whole, value) -> {
            if (type == TUPLE_TRANSPORT) {
                attributes(value, (inner, all, number) -> {
                    if (inner == SOURCE_PORT) {
                        port[0] = Short.toUnsignedInt(
                                number.order(ByteOrder.BIG_ENDIAN).getShort());
                    }
                });
            }
        });
        return port[0];
    }

    /** An attribute of a message. */
    private interface Attribute {
        /** @param whole with its header and what aligns the next one */
        void read(int type, ByteBuffer whole, ByteBuffer value) throws IOException;
    }

    private static void attributes(ByteBuffer in, Attribute each) throws IOException {
        while (in.remaining() >= ATTRIBUTE_BYTES) {
            int at = in.position();
            int length = Short.toUnsignedInt(in.getShort(at));
            if (length < ATTRIBUTE_BYTES || length > in.remaining()) {
                throw new IOException("a netlink attribute of " + length + " bytes (expected: " + ATTRIBUTE_BYTES
                        + " to " + in.remaining() + ')');
            }
            int end = Math.min(in.limit(), at + aligned(length));
            ByteBuffer value =
                    in.slice(at + ATTRIBUTE_BYTES, length - ATTRIBUTE_BYTES).order(ByteOrder.nativeOrder());
            each.read(in.getShort(at + 2) & TYPE_MASK, in.slice(at, end - at), value);
            in.position(end);
        }
    }

    private static int aligned(int length) {
        return length + ALIGNMENT - 1 & -ALIGNMENT;
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
    }
}
