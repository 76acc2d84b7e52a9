package io.hbone.zds.internal;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A connected unix socket of type SOCK_SEQPACKET: whole messages, each with file descriptors if wanted. {@link #receive()} blocks
 * its thread until {@link #shutdown()} by another; {@link #send} never blocks.
 */
public final class SeqpacketSocket implements AutoCloseable {
    private static final int TIMEVAL_BYTES = 16;
    private static final int UCRED_BYTES = 12;

    private final Descriptor descriptor;
    private final MessageMemory outgoing;
    private final MessageMemory incoming;
    private final int limit;
    private final Object sending = new Object();
    private final Object receiving = new Object();

    SeqpacketSocket(Descriptor descriptor, int limit) {
        this.descriptor = descriptor;
        this.limit = limit;
        this.outgoing = new MessageMemory(limit, 1);
        this.incoming = new MessageMemory(limit, MessageMemory.MAX_DESCRIPTORS);
    }

    /**
     * Connects.
     *
     * @param patience how long to wait for room in the listener's queue
     * @param limit the largest message, in bytes, both ways
     */
    public static SeqpacketSocket connect(Path path, Duration patience, int limit) throws IOException {
        SocketAddress address = new SocketAddress(path);
        Descriptor descriptor = newDescriptor();
        try {
            setSendTimeout(descriptor, patience);
            descriptor.use("connect to " + path, fd -> Libc.C.connect(fd, address.memory(), address.length()));
            return new SeqpacketSocket(descriptor, limit);
        } catch (IOException e) {
            descriptor.close();
            throw e;
        } finally {
            Reference.reachabilityFence(address);
        }
    }

    static Descriptor newDescriptor() throws IOException {
        try {
            return new Descriptor(Libc.C.socket(Libc.AF_UNIX, Libc.SOCK_SEQPACKET | Libc.SOCK_CLOEXEC, 0));
        } catch (LastErrorException e) {
            throw UnixException.of("open a unix socket", e);
        }
    }

    private static void setSendTimeout(Descriptor descriptor, Duration timeout) throws IOException {
        Memory value = new Memory(TIMEVAL_BYTES);
        value.setLong(0, timeout.toSeconds());
        value.setLong(8, timeout.toNanosPart() / 1000);
        descriptor.use(
                "set a timeout", fd -> Libc.C.setsockopt(fd, Libc.SOL_SOCKET, Libc.SO_SNDTIMEO, value, TIMEVAL_BYTES));
        Reference.reachabilityFence(value);
    }

    /** Who is at the other end. */
    public PeerProcess peer() throws IOException {
        Memory value = new Memory(UCRED_BYTES);
        Memory length = new Memory(Integer.BYTES);
        length.setInt(0, UCRED_BYTES);
        descriptor.use(
                "ask who the peer is", fd -> Libc.C.getsockopt(fd, Libc.SOL_SOCKET, Libc.SO_PEERCRED, value, length));
        Reference.reachabilityFence(length);
        return new PeerProcess(value.getInt(0), value.getInt(4), value.getInt(8));
    }

    /**
     * Sends one message, or fails at once when the peer does not take what it was sent before.
     *
     * @param attachment a file descriptor to send along, which stays the caller's; null for none
     */
    public void send(byte[] message, @Nullable Descriptor attachment) throws IOException {
        if (message.length > limit) {
            throw new UnixException("send " + message.length + " bytes, with a limit of " + limit, Libc.EMSGSIZE);
        }
        synchronized (sending) {
            if (attachment == null) {
                sendWith(message, null);
            } else {
                attachment.use("send along " + attachment, fd -> sendWith(message, fd));
            }
        }
    }

    private long sendWith(byte[] message, @Nullable Integer attachment) throws IOException {
        return descriptor.use(
                "send " + message.length + " bytes",
                fd -> Libc.C
                        .sendmsg(fd, outgoing.toSend(message, attachment), Libc.MSG_DONTWAIT | Libc.MSG_NOSIGNAL)
                        .longValue());
    }

    /**
     * Waits for a message. One that is larger than the limit comes with its beginning only; the next one is whole again.
     *
     * @return null at the end: the peer closed, or this was shut down. An empty message is taken for the end, too, for the system
     *     does not tell them apart
     */
    public @Nullable Packet receive() throws IOException {
        synchronized (receiving) {
            long size;
            try {
                size = descriptor.use(
                        "receive",
                        fd -> Libc.C
                                .recvmsg(fd, incoming.toReceive(), Libc.MSG_CMSG_CLOEXEC | Libc.MSG_TRUNC)
                                .longValue());
            } catch (UnixException e) {
                if (e.isReset()) {
                    return null; // closed with something unread
                }
                throw e;
            }
            Packet packet = incoming.received(size);
            if (size == 0) {
                packet.close();
                return null;
            }
            return packet;
        }
    }

    /** Ends both directions, which wakes who waits in {@link #receive()}; still to be closed. Any thread, any number of times. */
    public void shutdown() {
        try {
            descriptor.use("shut down", fd -> Libc.C.shutdown(fd, Libc.SHUT_RDWR));
        } catch (IOException e) {
            // Closed already, or not connected any more: just as well.
        }
    }

    /** Shuts down and gives the file descriptor back. */
    @Override
    public void close() {
        shutdown();
        descriptor.close();
    }
}
