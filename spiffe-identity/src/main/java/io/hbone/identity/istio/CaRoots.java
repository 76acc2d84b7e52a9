package io.hbone.identity.istio;

import io.hbone.core.FileStamp;
import io.hbone.identity.internal.Pem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * By which roots a CA's TLS certificate is verified: {@code CA_ROOT_CA} of ztunnel (spec/ztunnel.md 14). Immutable; what it names
 * may change, and is read anew when it did.
 */
public final class CaRoots {
    private static final String SYSTEM = "SYSTEM";
    private static final String PEM = "-----BEGIN ";

    private final @Nullable Path file;
    private final @Nullable String pem;

    private CaRoots(@Nullable Path file, @Nullable String pem) {
        this.file = file;
        this.pem = pem;
    }

    /** {@code SYSTEM}, the text of a PEM file, or the path of one. */
    public static CaRoots of(String value) {
        String stripped = value.strip();
        if (stripped.isEmpty()) {
            throw new IllegalArgumentException("root CA: empty (expected: SYSTEM, PEM, or the path of a PEM file)");
        }
        if (stripped.equals(SYSTEM)) {
            return system();
        }
        return stripped.startsWith(PEM) ? pem(stripped) : file(Path.of(stripped));
    }

    /** A PEM file, which need not be there yet. */
    public static CaRoots file(Path file) {
        return new CaRoots(file, null);
    }

    /** The text of a PEM file. */
    public static CaRoots pem(String text) {
        return new CaRoots(null, text);
    }

    /** What the Java runtime trusts. */
    public static CaRoots system() {
        return new CaRoots(null, null);
    }

    /** Differs from an earlier one when the file changed; null when there is none to be read. */
    @Nullable FileStamp stamp() {
        return file == null ? null : FileStamp.find(file);
    }

    /** Empty stands for what the Java runtime trusts. @throws GeneralSecurityException with what is wrong, and where */
    List<X509Certificate> load() throws GeneralSecurityException {
        if (file == null && pem == null) {
            return List.of();
        }
        try {
            return Pem.certificates(
                    file == null ? String.valueOf(pem) : Files.readString(file, StandardCharsets.ISO_8859_1));
        } catch (NoSuchFileException e) {
            throw new GeneralSecurityException(this + ": no such file", e);
        } catch (IOException | GeneralSecurityException e) {
            throw new GeneralSecurityException(this + ": " + e.getMessage(), e);
        }
    }

    /** What it names, and not what is in it. */
    @Override
    public String toString() {
        if (file != null) {
            return file.toString();
        }
        return pem == null ? SYSTEM : "roots given as PEM";
    }
}
