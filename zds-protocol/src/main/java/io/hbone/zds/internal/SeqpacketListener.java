package io.hbone.zds.internal;

import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;

/** Listens on a unix socket of type SOCK_SEQPACKET. {@link #accept()} blocks its thread until {@link #close()} by another. */
public final class SeqpacketListener implements AutoCloseable {
    private static final int BACKLOG = 16;

    private final Descriptor descriptor;
    private final Path path;
    private final int limit;

    private SeqpacketListener(Descriptor descriptor, Path path, int limit) {
        this.descriptor = descriptor;
        this.path = path;
        this.limit = limit;
    }

    /**
     * Makes the socket's file and listens. Nobody can connect before the file has its permissions.
     *
     * @param path must not exist
     * @param limit the largest message, in bytes, both ways
     */
    public static SeqpacketListener bind(Path path, Set<PosixFilePermission> permissions, int limit)
            throws IOException {
        SocketAddress address = new SocketAddress(path);
        Descriptor descriptor = SeqpacketSocket.newDescriptor();
        try {
            descriptor.use("bind " + path, fd -> Libc.C.bind(fd, address.memory(), address.length()));
            Files.setPosixFilePermissions(path, permissions);
            descriptor.use("listen on " + path, fd -> Libc.C.listen(fd, BACKLOG));
            return new SeqpacketListener(descriptor, path, limit);
        } catch (IOException e) {
            descriptor.close();
            throw e;
        } finally {
            Reference.reachabilityFence(address);
        }
    }

    /** Waits for a connection. */
    public SeqpacketSocket accept() throws IOException {
        long accepted = descriptor.use("accept on " + path, fd -> Libc.C.accept4(fd, null, null, Libc.SOCK_CLOEXEC));
        return new SeqpacketSocket(new Descriptor((int) accepted), limit);
    }

    /** Wakes who waits in {@link #accept()}. The file stays. */
    @Override
    public void close() {
        try {
            descriptor.use("shut down", fd -> Libc.C.shutdown(fd, Libc.SHUT_RDWR));
        } catch (IOException e) {
            // Closed already.
        }
        descriptor.close();
    }
}
