package io.hbone.enrollment.conntrack;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** A netlink socket to the kernel's netfilter, in the network namespace of the thread that opens it. For one thread at a time. */
final class NetlinkSocket implements AutoCloseable {
    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW = 3;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int NETLINK_NETFILTER = 12;
    private static final int SOL_SOCKET = 1;
    private static final int SO_RCVTIMEO = 20;
    private static final int TIMEVAL_BYTES = 16;
    private static final int EINTR = 4;

    /** The kernel answers at once, or never. */
    private static final long PATIENCE_SECONDS = 5;

    /** The C library's functions that are called; layouts are those of x86_64 and aarch64. */
    private interface Libc extends Library {
        Libc C = Native.load("c", Libc.class);

        int socket(int domain, int type, int protocol) throws LastErrorException;

        int setsockopt(int fd, int level, int name, byte[] value, int length) throws LastErrorException;

        NativeLong send(int fd, byte[] message, NativeLong length, int flags) throws LastErrorException;

        NativeLong recv(int fd, byte[] into, NativeLong length, int flags) throws LastErrorException;

        int close(int fd) throws LastErrorException;

        String strerror(int number);
    }

    private final int fd;
    private final byte[] incoming = new byte[ConntrackMessages.MAX_BYTES];

    private NetlinkSocket(int fd) {
        this.fd = fd;
    }

    static NetlinkSocket open() throws IOException {
        byte[] patience = ByteBuffer.allocate(TIMEVAL_BYTES)
                .order(ByteOrder.nativeOrder())
                .putLong(PATIENCE_SECONDS)
                .array();
        int fd = -1;
        try {
            fd = Libc.C.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
            Libc.C.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, patience, TIMEVAL_BYTES);
            return new NetlinkSocket(fd);
        } catch (LastErrorException e) {
            if (fd >= 0) {
                new NetlinkSocket(fd).close();
            }
            throw failure("open a netlink socket", e);
        }
    }

    void send(byte[] message) throws IOException {
        try {
            Libc.C.send(fd, message, new NativeLong(message.length), 0);
        } catch (LastErrorException e) {
            throw failure("ask the kernel by netlink", e);
        }
    }

    /** Waits for what comes next. */
    ByteBuffer receive() throws IOException {
        while (true) {
            try {
                int length = Libc.C
                        .recv(fd, incoming, new NativeLong(incoming.length), 0)
                        .intValue();
                return ByteBuffer.wrap(Arrays.copyOf(incoming, length));
            } catch (LastErrorException e) {
                if (e.getErrorCode() != EINTR) {
                    throw failure("hear the kernel by netlink", e);
                }
            }
        }
    }

    private static IOException failure(String what, LastErrorException e) {
        return new IOException(what + ": " + Libc.C.strerror(e.getErrorCode()) + " (errno " + e.getErrorCode() + ')');
    }

    @Override
    public void close() {
        try {
            Libc.C.close(fd);
        } catch (LastErrorException e) {
            // Linux gives the number back whatever it answers.
        }
    }
}
