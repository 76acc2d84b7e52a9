package io.hbone.identity.dev;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustBundle;
import io.hbone.core.TrustBundles;
import io.hbone.core.TrustDomain;
import io.hbone.core.WorkloadCertificate;
import io.hbone.identity.internal.OwnerOnlyFiles;
import io.hbone.identity.internal.SigningCa;
import io.hbone.identity.internal.StoredCa;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * A certificate authority for development and demonstrations: whoever may read its directory may be anybody. Nodes that share
 * the directory trust each other, and that is all it takes to set them up.
 *
 * <p>The directory holds, for each trust domain, {@code dev-ca-<trust domain>.pem} with the certificate and its key, which must
 * be readable by its owner alone, and {@code dev-ca-<trust domain>.crt} with the certificate alone, for tools. Several processes
 * may start at once: one of them makes it and all use it. Immutable; safe for use by any thread.
 */
public final class DevCa {
    private static final String NAME = "dev-ca";

    private final TrustDomain trustDomain;
    private final SigningCa ca;
    private final Clock clock;

    private DevCa(TrustDomain trustDomain, SigningCa ca, Clock clock) {
        this.trustDomain = trustDomain;
        this.ca = ca;
        this.clock = clock;
    }

    /** The directory that all nodes of this user on this machine share when none is named. */
    public static Path defaultDirectory() {
        try {
            // By number: a name may hold anything. The checks of open() keep out a directory that somebody else put
            // there.
            return Path.of(System.getProperty("java.io.tmpdir"), "hbone-dev-ca-" + OwnerOnlyFiles.userId());
        } catch (IOException e) {
            throw new UncheckedIOException("development CA: cannot tell which user this is: " + e, e);
        }
    }

    /**
     * Opens the CA of {@code trustDomain}, and makes it when there is none.
     *
     * @throws IOException when it cannot be read or made, or somebody else could have read or changed it; the message says why
     */
    public static DevCa open(Path directory, TrustDomain trustDomain, Clock clock) throws IOException {
        try {
            SigningCa ca = StoredCa.open(directory, NAME, "hbone development CA", trustDomain, clock);
            return new DevCa(trustDomain, ca, clock);
        } catch (IOException e) {
            throw new IOException("development CA in " + directory + ": " + e.getMessage(), e);
        }
    }

    /** Who signed everything that {@link #issue} returns. */
    public TrustBundle bundle() {
        return new TrustBundle(trustDomain, List.of(ca.certificate()));
    }

    /**
     * A new key and a certificate for it, valid from a minute ago for {@code lifetime} from now on. Costs a millisecond.
     *
     * @throws GeneralSecurityException when the id is of another trust domain, the CA is about to expire, or the platform fails
     */
    public WorkloadCertificate issue(SpiffeId id, Duration lifetime) throws GeneralSecurityException {
        if (!id.trustDomain().equals(trustDomain)) {
            throw new GeneralSecurityException(
                    "trust domain of " + id + " (expected: " + trustDomain + ", the development CA's)");
        }
        Instant now = clock.instant();
        Instant notAfter = now.truncatedTo(ChronoUnit.SECONDS).plus(lifetime);
        Instant end = ca.certificate().getNotAfter().toInstant();
        if (notAfter.isAfter(end)) {
            throw new GeneralSecurityException("development CA: ends " + end + "; delete it to have a new one made");
        }
        KeyPair pair = SigningCa.newKey();
        X509Certificate leaf = ca.svid(id, pair.getPublic(), now, notAfter);
        return WorkloadCertificate.of(List.of(leaf), pair.getPrivate(), TrustBundles.of(bundle()));
    }
}
