package io.hbone.zds;

import io.hbone.zds.internal.SeqpacketListener;
import io.hbone.zds.internal.SeqpacketSocket;
import io.hbone.zds.internal.UnixException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The file of a listening socket: its directory, its permissions, and what an earlier process left in its place. */
final class SocketFile implements AutoCloseable {
    private static final Set<PosixFilePermission> DIRECTORY = PosixFilePermissions.fromString("rwxr-xr-x");
    private static final Set<PosixFilePermission> SOCKET = PosixFilePermissions.fromString("rw-------");
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final Path path;
    private final @Nullable Object key;
    private final SeqpacketListener listener;

    private SocketFile(Path path, SeqpacketListener listener) throws IOException {
        this.path = path;
        this.listener = listener;
        this.key = key(path);
    }

    /**
     * Listens.
     *
     * @throws IOException also when somebody listens there already, or the path is something else than a socket
     */
    static SocketFile listen(Path path) throws IOException {
        Path directory = path.toAbsolutePath().getParent();
        if (directory != null && !Files.isDirectory(directory)) {
            Files.createDirectories(directory, PosixFilePermissions.asFileAttribute(DIRECTORY));
        }
        if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            removeStale(path);
        }
        SeqpacketListener listener = SeqpacketListener.bind(path, SOCKET, ZdsCodec.LIMIT);
        try {
            return new SocketFile(path, listener);
        } catch (IOException e) {
            listener.close();
            throw e;
        }
    }

    private static void removeStale(Path path) throws IOException {
        if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .isOther()) {
            throw new IOException(path + " is in the way (expected: nothing there, or a socket)");
        }
        // A connection without a hello means nothing to an agent.
        try (SeqpacketSocket other = SeqpacketSocket.connect(path, PATIENCE, ZdsCodec.LIMIT)) {
            throw new IOException(path + " is in use by " + other.peer() + " (expected: one agent on a machine)");
        } catch (UnixException e) {
            if (!e.isNobodyThere()) {
                throw e;
            }
        }
        Files.deleteIfExists(path);
    }

    SeqpacketListener listener() {
        return listener;
    }

    /** Stops listening, and removes the file unless somebody else has put another one there. */
    @Override
    public void close() throws IOException {
        boolean ours = Files.exists(path, LinkOption.NOFOLLOW_LINKS) && Objects.equals(key(path), key);
        listener.close();
        if (ours) {
            Files.deleteIfExists(path);
        }
    }

    private static @Nullable Object key(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }
}
