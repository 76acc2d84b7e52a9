package io.hbone.node.identity;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustBundle;
import io.hbone.core.TrustBundles;
import io.hbone.core.TrustDomain;
import io.hbone.core.WorkloadCertificate;
import io.hbone.node.config.ConfigException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * A certificate authority for development and demonstrations: whoever may read its directory may be anybody. Nodes that share
 * the directory trust each other, and that is all it takes to set them up.
 *
 * <p>The directory holds, for each trust domain, {@code dev-ca-<trust domain>.pem} with the certificate and its key, which must
 * be readable by its owner alone, and {@code dev-ca-<trust domain>.crt} with the certificate alone, for tools. The first is
 * made once and whole: several processes may start at once, one of them makes it and all use it.
 */
public final class DevCa {
    private static final Duration ROOT_LIFETIME = Duration.ofDays(3650);

    /** How far certificates start in the past, so that clocks may differ. */
    private static final Duration BACKDATE = Duration.ofMinutes(1);

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");
    private static final Set<PosixFilePermission> OWNER_ONLY_DIRECTORY = PosixFilePermissions.fromString("rwx------");

    private static final Set<PosixFilePermission> OTHERS_WRITE =
            EnumSet.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

    private static final String ADVICE = "; delete it to have a new one made";

    private final TrustDomain trustDomain;
    private final X509Certificate root;
    private final PrivateKey key;
    private final Clock clock;

    private DevCa(TrustDomain trustDomain, X509Certificate root, PrivateKey key, Clock clock) {
        this.trustDomain = trustDomain;
        this.root = root;
        this.key = key;
        this.clock = clock;
    }

    /** The directory that all nodes of this user on this machine share when none is named. */
    public static Path defaultDirectory() {
        // By number: a name may hold anything. The checks of open() keep out a directory that somebody else put there.
        return Path.of(System.getProperty("java.io.tmpdir"), "hbone-dev-ca-" + userId());
    }

    /**
     * Opens the CA of {@code trustDomain}, and makes it when there is none.
     *
     * @throws ConfigException when it cannot be read or made, or somebody else could have read or changed it
     */
    public static DevCa open(Path directory, TrustDomain trustDomain, Clock clock) {
        try {
            makeDirectory(directory);
            Path file = directory.resolve("dev-ca-" + trustDomain + ".pem");
            if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                make(directory, file, trustDomain, clock);
            }
            requireOwnerOnly(file);
            DevCa ca = read(file, trustDomain, clock);
            publish(directory.resolve("dev-ca-" + trustDomain + ".crt"), ca.root);
            return ca;
        } catch (IOException | UnsupportedOperationException e) {
            throw new ConfigException("development CA in " + directory + ": " + reason(e), e);
        }
    }

    /** Who signed everything that {@link #issue} returns. */
    public TrustBundle bundle() {
        return new TrustBundle(trustDomain, List.of(root));
    }

    /**
     * A new key and a certificate for it, valid from a minute ago for {@code lifetime} from now on. Costs a millisecond.
     *
     * @throws GeneralSecurityException when the CA is of another trust domain, is about to expire, or the platform fails
     */
    public WorkloadCertificate issue(SpiffeId id, Duration lifetime) throws GeneralSecurityException {
        if (!id.trustDomain().equals(trustDomain)) {
            throw new GeneralSecurityException(
                    "trust domain of " + id + " (expected: " + trustDomain + ", the development CA's)");
        }
        Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
        Instant notAfter = now.plus(lifetime);
        Instant end = root.getNotAfter().toInstant();
        if (notAfter.isAfter(end)) {
            throw new GeneralSecurityException("development CA: ends " + end + ADVICE);
        }
        KeyPair pair = X509Issuer.newKey();
        X509Certificate leaf = X509Issuer.leaf(id, pair.getPublic(), root, key, now.minus(BACKDATE), notAfter);
        return WorkloadCertificate.of(List.of(leaf), pair.getPrivate(), TrustBundles.of(bundle()));
    }

    private static void makeDirectory(Path directory) throws IOException {
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

    /** Writes the file aside and links it to its name, which does it whole and fails when somebody was faster. */
    private static void make(Path directory, Path file, TrustDomain trustDomain, Clock clock) throws IOException {
        Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
        String pem;
        try {
            KeyPair pair = X509Issuer.newKey();
            X509Certificate root = X509Issuer.root(pair, trustDomain, now.minus(BACKDATE), now.plus(ROOT_LIFETIME));
            pem = Pem.write(List.of(root)) + Pem.write(pair.getPrivate());
        } catch (GeneralSecurityException e) {
            throw new IOException("cannot be made: " + e.getMessage(), e);
        }
        Path aside =
                Files.createTempFile(directory, ".dev-ca-", ".tmp", PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        try {
            Files.writeString(aside, pem, StandardOpenOption.WRITE, StandardOpenOption.SYNC);
            Files.createLink(file, aside);
        } catch (FileAlreadyExistsException e) {
            // Another process made it in the meantime: theirs counts.
        } finally {
            Files.deleteIfExists(aside);
        }
    }

    private static DevCa read(Path file, TrustDomain trustDomain, Clock clock) throws IOException {
        String text = Files.readString(file, StandardCharsets.US_ASCII);
        try {
            X509Certificate root = Pem.certificates(text).get(0);
            PrivateKey key = Pem.privateKey(text, root.getPublicKey());
            if (root.getBasicConstraints() < 0) {
                throw new GeneralSecurityException("not a CA's certificate");
            }
            Instant end = root.getNotAfter().toInstant();
            if (!clock.instant().isBefore(end)) {
                throw new GeneralSecurityException("ended " + end);
            }
            return new DevCa(trustDomain, root, key, clock);
        } catch (GeneralSecurityException e) {
            throw new IOException(file.getFileName() + ": " + e.getMessage() + ADVICE, e);
        }
    }

    private static void requireOwnerOnly(Path file) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException(file.getFileName() + ": not a plain file");
        }
        requireOwn(file);
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS);
        if (!OWNER_ONLY.containsAll(permissions)) {
            throw new IOException(file.getFileName() + ": mode " + PosixFilePermissions.toString(permissions)
                    + ", so others may have its key (expected: rw-------)" + ADVICE);
        }
    }

    private static void requireOwn(Path path) throws IOException {
        Object owner = Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        int self = userId();
        if (!owner.equals(self)) {
            throw new IOException(path.getFileName() + ": owned by user " + owner + " (expected: " + self + ")");
        }
    }

    /** Replaced whole, as several processes write it; they write the same. */
    private static void publish(Path file, X509Certificate root) throws IOException {
        String pem = Pem.write(List.of(root));
        try {
            if (Files.readString(file).equals(pem)) {
                return;
            }
        } catch (NoSuchFileException e) {
            // Written below.
        }
        Path aside = Files.createTempFile(file.toAbsolutePath().getParent(), ".dev-ca-", ".tmp");
        Files.writeString(aside, pem);
        Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    private static int userId() {
        try {
            return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        } catch (IOException e) {
            throw new ConfigException("development CA: cannot tell which user this is: " + e, e);
        }
    }

    private static String reason(Exception e) {
        // Those of the platform say only which file it is, and leave what happened to their class.
        return e.getClass() == IOException.class ? String.valueOf(e.getMessage()) : e.toString();
    }
}
