package io.hbone.identity.internal;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;

/** Files with secrets: made whole, readable by their owner alone, and refused when somebody else may have had a hand in them. */
public final class OwnerOnlyFiles {
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");
    private static final Set<PosixFilePermission> OWNER_ONLY_DIRECTORY = PosixFilePermissions.fromString("rwx------");
    private static final FileAttribute<Set<PosixFilePermission>> AS_OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(OWNER_ONLY);

    private static final Set<PosixFilePermission> OTHERS_WRITE =
            EnumSet.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

    private static final Set<PosixFilePermission> OTHERS = EnumSet.of(
            PosixFilePermission.GROUP_READ,
            PosixFilePermission.GROUP_WRITE,
            PosixFilePermission.OTHERS_READ,
            PosixFilePermission.OTHERS_WRITE);

    private OwnerOnlyFiles() {}

    /** The number of the user that this process runs as. */
    public static int userId() throws IOException {
        return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    }

    /** Makes the directory for its owner alone, or accepts one that nobody else may write to. */
    static void makeDirectory(Path directory) throws IOException {
        Path parent = directory.toAbsolutePath().getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        try {
            Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(OWNER_ONLY_DIRECTORY));
        } catch (FileAlreadyExistsException e) {
            // The usual case: checked below like one that we made.
        }
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("not a directory (expected: a directory, and no link to one)");
        }
        requireOwn(directory);
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(directory, LinkOption.NOFOLLOW_LINKS);
        if (permissions.stream().anyMatch(OTHERS_WRITE::contains)) {
            throw new IOException("others may write to it (expected: chmod go-w " + directory + ")");
        }
    }

    /** Writes the file aside and links it to its name, which does it whole and does nothing when somebody was faster. */
    static void createOnce(Path file, String content) throws IOException {
        Path aside = Files.createTempFile(parent(file), ".ca-", ".tmp", AS_OWNER_ONLY);
        try {
            Files.writeString(aside, content, StandardOpenOption.WRITE, StandardOpenOption.SYNC);
            Files.createLink(file, aside);
        } catch (FileAlreadyExistsException e) {
            // Another process made it in the meantime: theirs counts.
        } finally {
            Files.deleteIfExists(aside);
        }
    }

    /** A plain file of our own that nobody else may read, and no link. */
    static void requireOwnerOnly(Path file) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException(file.getFileName() + ": not a plain file");
        }
        requireOwn(file);
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS);
        if (!OWNER_ONLY.containsAll(permissions)) {
            throw new IOException(secretMode(file, permissions));
        }
    }

    /** A file that others may neither read nor write, wherever it lies: mounted secrets are links, and root's. */
    public static void requireSecret(Path file) throws IOException {
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
        if (permissions.stream().anyMatch(OTHERS::contains)) {
            throw new IOException(secretMode(file, permissions));
        }
    }

    private static String secretMode(Path file, Set<PosixFilePermission> permissions) {
        return file.getFileName() + ": mode " + PosixFilePermissions.toString(permissions)
                + ", so others may have its key (expected: rw-------)";
    }

    private static void requireOwn(Path path) throws IOException {
        Object owner = Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        int self = userId();
        if (!owner.equals(self)) {
            throw new IOException(path.getFileName() + ": owned by user " + owner + " (expected: " + self + ")");
        }
    }

    /** What everybody may read: replaced whole, as several processes write it; they write the same. */
    static void publish(Path file, String content) throws IOException {
        try {
            if (Files.readString(file).equals(content)) {
                return;
            }
        } catch (NoSuchFileException e) {
            // Written below.
        }
        Path aside = Files.createTempFile(parent(file), ".ca-", ".tmp");
        Files.writeString(aside, content);
        Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    private static Path parent(Path file) {
        return Objects.requireNonNull(file.toAbsolutePath().getParent(), "parent");
    }
}
