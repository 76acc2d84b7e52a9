package io.hbone.zds.internal;

import com.sun.jna.Memory;
import java.io.IOException;
import java.lang.ref.Reference;

/** A socket pair's other end that sends what our own sender never would. */
final class RawSender implements AutoCloseable {
    private final Descriptor mine;
    final Descriptor theirs;

    private RawSender(Descriptor mine, Descriptor theirs) {
        this.mine = mine;
        this.theirs = theirs;
    }

    static RawSender open() {
        int[] pair = new int[2];
        Pairs.C.socketpair(Libc.AF_UNIX, Libc.SOCK_SEQPACKET | Libc.SOCK_CLOEXEC, 0, pair);
        return new RawSender(new Descriptor(pair[0]), new Descriptor(pair[1]));
    }

    /** @param copies how often the descriptor is sent along */
    void send(int bytes, Descriptor attachment, int copies) throws IOException {
        Memory payload = new Memory(Math.max(1, bytes));
        Memory vector = new Memory(16);
        vector.setPointer(0, payload);
        vector.setLong(8, bytes);
        Memory control = new Memory(16 + (copies + 1) / 2 * 8L);
        control.clear();
        control.setLong(0, 16 + 4L * copies);
        control.setInt(8, Libc.SOL_SOCKET);
        control.setInt(12, Libc.SCM_RIGHTS);
        Memory header = new Memory(56);
        header.clear();
        header.setPointer(16, vector);
        header.setLong(24, 1);
        header.setPointer(32, control);
        header.setLong(40, control.size());
        attachment.use("raw", fd -> {
            for (int at = 0; at < copies; at++) {
                control.setInt(16 + 4L * at, fd);
            }
            return mine.use(
                    "raw send", socket -> Libc.C.sendmsg(socket, header, 0).longValue());
        });
        Reference.reachabilityFence(payload);
        Reference.reachabilityFence(vector);
        Reference.reachabilityFence(control);
    }

    @Override
    public void close() {
        mine.close();
        theirs.close();
    }

    interface Pairs extends com.sun.jna.Library {
        Pairs C = com.sun.jna.Native.load("c", Pairs.class);

        int socketpair(int domain, int type, int protocol, int[] pair) throws com.sun.jna.LastErrorException;
    }
}
