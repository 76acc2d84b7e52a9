package io.hbone.zds.internal;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The memory of one {@code msghdr} with its {@code iovec}, payload and control messages (cmsg(3); spec/java.md 4.3). It is reused
 * for every message of a socket in one direction, by one thread at a time.
 */
final class MessageMemory {
    /** SCM_MAX_FD: no message carries more, so none can be cut off for lack of room. */
    static final int MAX_DESCRIPTORS = 253;

    private static final int HEADER_BYTES = 56;
    private static final int IOV_AT = 16;
    private static final int IOV_COUNT_AT = 24;
    private static final int CONTROL_AT = 32;
    private static final int CONTROL_LENGTH_AT = 40;
    private static final int FLAGS_AT = 48;

    private static final int IOVEC_BYTES = 16;
    private static final int IOVEC_LENGTH_AT = 8;

    private static final int CMSG_LEVEL_AT = 8;
    private static final int CMSG_TYPE_AT = 12;
    private static final int CMSG_DATA_AT = 16;
    private static final int CMSG_ALIGNMENT = 8;

    private final Memory header = new Memory(HEADER_BYTES);
    private final Memory vector = new Memory(IOVEC_BYTES);
    private final Memory payload;
    private final Memory control;

    /**
     * @param limit the largest payload, in bytes
     * @param descriptors how many one message may carry
     */
    MessageMemory(int limit, int descriptors) {
        payload = new Memory(limit);
        control = new Memory(align(CMSG_DATA_AT + (long) descriptors * Integer.BYTES));
    }

    /** Null as the file descriptor: none. The result is valid as long as this is reachable. */
    Pointer toSend(byte[] message, @Nullable Integer fd) {
        payload.write(0, message, 0, message.length);
        prepare(message.length);
        if (fd == null) {
            header.setPointer(CONTROL_AT, null);
            header.setLong(CONTROL_LENGTH_AT, 0);
        } else {
            control.clear();
            control.setLong(0, CMSG_DATA_AT + Integer.BYTES);
            control.setInt(CMSG_LEVEL_AT, Libc.SOL_SOCKET);
            control.setInt(CMSG_TYPE_AT, Libc.SCM_RIGHTS);
            control.setInt(CMSG_DATA_AT, fd);
            header.setLong(CONTROL_LENGTH_AT, align(CMSG_DATA_AT + Integer.BYTES));
        }
        return header;
    }

    /** The result is valid as long as this is reachable. */
    Pointer toReceive() {
        prepare(payload.size());
        return header;
    }

    /** @param size what {@code recvmsg} returned, with MSG_TRUNC asked for: the message's own size */
    Packet received(long size) {
        int here = (int) Math.min(size, payload.size());
        boolean lost = (header.getInt(FLAGS_AT) & Libc.MSG_CTRUNC) != 0;
        List<Descriptor> descriptors = new ArrayList<>(1);
        long end = Math.min(header.getLong(CONTROL_LENGTH_AT), control.size());
        for (long at = 0; at + CMSG_DATA_AT <= end; ) {
            long length = control.getLong(at);
            if (length < CMSG_DATA_AT || at + length > end) {
                break;
            }
            if (control.getInt(at + CMSG_LEVEL_AT) == Libc.SOL_SOCKET
                    && control.getInt(at + CMSG_TYPE_AT) == Libc.SCM_RIGHTS) {
                for (long fd = at + CMSG_DATA_AT; fd + Integer.BYTES <= at + length; fd += Integer.BYTES) {
                    descriptors.add(new Descriptor(control.getInt(fd)));
                }
            }
            at += align(length);
        }
        return new Packet(payload.getByteArray(0, here), size, List.copyOf(descriptors), lost);
    }

    private void prepare(long length) {
        vector.setPointer(0, payload);
        vector.setLong(IOVEC_LENGTH_AT, length);
        header.clear();
        header.setPointer(IOV_AT, vector);
        header.setLong(IOV_COUNT_AT, 1);
        header.setPointer(CONTROL_AT, control);
        header.setLong(CONTROL_LENGTH_AT, control.size());
    }

    private static long align(long length) {
        return (length + CMSG_ALIGNMENT - 1) / CMSG_ALIGNMENT * CMSG_ALIGNMENT;
    }
}
