package io.hbone.identity.internal;

import io.hbone.core.TrustDomain;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

/**
 * A root CA in a directory: {@code <name>-<trust domain>.pem} with the certificate and its key, which must be readable by its
 * owner alone, and {@code <name>-<trust domain>.crt} with the certificate alone. The first is made once and whole: several
 * processes may start at once, one of them makes it and all use it.
 */
public final class StoredCa {
    private static final Duration ROOT_LIFETIME = Duration.ofDays(3650);

    private static final String ADVICE = "; delete it to have a new one made";

    private StoredCa() {}

    /**
     * Opens the CA of {@code trustDomain}, and makes it when there is none.
     *
     * @param name how its files begin
     * @param commonName of the certificate, when one is made
     * @throws IOException when it cannot be read or made, or somebody else could have read or changed it; the message says why
     */
    public static SigningCa open(Path directory, String name, String commonName, TrustDomain trustDomain, Clock clock)
            throws IOException {
        try {
            OwnerOnlyFiles.makeDirectory(directory);
            Path file = directory.resolve(name + "-" + trustDomain + ".pem");
            if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                make(file, commonName, trustDomain, clock);
            }
            requireOwnerOnly(file);
            SigningCa ca = read(file, clock);
            OwnerOnlyFiles.publish(certificateFile(directory, name, trustDomain), Pem.write(List.of(ca.certificate())));
            return ca;
        } catch (AccessDeniedException e) {
            throw new IOException("access denied: " + e.getFile(), e);
        } catch (FileSystemException e) {
            throw new IOException(
                    e.getReason() == null ? e.getClass().getSimpleName() + ": " + e.getMessage() : e.getMessage(), e);
        } catch (UnsupportedOperationException e) {
            throw new IOException("the file system knows no owners and modes", e);
        }
    }

    /** Where the certificate alone is published. */
    public static Path certificateFile(Path directory, String name, TrustDomain trustDomain) {
        return directory.resolve(name + "-" + trustDomain + ".crt");
    }

    private static void make(Path file, String commonName, TrustDomain trustDomain, Clock clock) throws IOException {
        SigningCa made;
        try {
            made = SigningCa.create(commonName, trustDomain, clock.instant(), ROOT_LIFETIME);
        } catch (GeneralSecurityException e) {
            throw new IOException("cannot be made: " + e.getMessage(), e);
        }
        OwnerOnlyFiles.createOnce(file, Pem.write(List.of(made.certificate())) + Pem.write(made.key()));
    }

    private static void requireOwnerOnly(Path file) throws IOException {
        try {
            OwnerOnlyFiles.requireOwnerOnly(file);
        } catch (FileSystemException e) {
            throw e;
        } catch (IOException e) {
            throw new IOException(e.getMessage() + ADVICE, e);
        }
    }

    private static SigningCa read(Path file, Clock clock) throws IOException {
        String text = Files.readString(file, StandardCharsets.ISO_8859_1);
        try {
            X509Certificate root = Pem.certificates(text).get(0);
            PrivateKey key = Pem.privateKey(text, root.getPublicKey());
            return SigningCa.of(root, key, clock.instant());
        } catch (GeneralSecurityException e) {
            throw new IOException(file.getFileName() + ": " + e.getMessage() + ADVICE, e);
        }
    }
}
