package io.hbone.identity.pem;

import io.hbone.core.FileStamp;
import io.hbone.core.SpiffeId;
import io.hbone.core.TrustBundle;
import io.hbone.core.TrustBundles;
import io.hbone.core.WorkloadCertificate;
import io.hbone.identity.internal.Pem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The files that make one certificate.
 *
 * @param chain the leaf first, then intermediates
 * @param key of the leaf
 * @param roots by which peers are verified
 */
record PemFiles(Path chain, Path key, Path roots) {
    /** Chain, key, roots as cert-manager and Kubernetes, spiffe-helper, and Istio call them. */
    private static final List<List<String>> CONVENTIONS = List.of(
            List.of("tls.crt", "tls.key", "ca.crt"),
            List.of("svid.pem", "svid_key.pem", "svid_bundle.pem"),
            List.of("cert-chain.pem", "key.pem", "root-cert.pem"));

    static final String EXPECTED = "tls.crt, tls.key and ca.crt; or svid.pem, svid_key.pem and svid_bundle.pem;"
            + " or cert-chain.pem, key.pem and root-cert.pem";

    private interface Parser<T> {
        T parse() throws IOException, GeneralSecurityException;
    }

    /** The files of a folder, by the convention that one of them shows; null when none does. */
    static @Nullable PemFiles in(Path folder) {
        for (List<String> names : CONVENTIONS) {
            PemFiles files = new PemFiles(
                    folder.resolve(names.get(0)), folder.resolve(names.get(1)), folder.resolve(names.get(2)));
            if (Files.exists(files.chain) || Files.exists(files.key)) {
                return files;
            }
        }
        return null;
    }

    /** Differs from an earlier one when a file changed. */
    List<FileStamp> stamps() throws IOException {
        return List.of(FileStamp.of(chain), FileStamp.of(key), FileStamp.of(roots));
    }

    /** @throws GeneralSecurityException with the file and what is wrong with it, also when they do not fit together */
    WorkloadCertificate read() throws IOException, GeneralSecurityException {
        List<X509Certificate> certificates = parse(chain, () -> Pem.certificates(text(chain)));
        SpiffeId id = parse(chain, () -> SpiffeId.of(certificates.get(0)));
        List<X509Certificate> authorities = parse(roots, () -> Pem.certificates(text(roots)));
        TrustBundles bundles = TrustBundles.of(new TrustBundle(id.trustDomain(), authorities));
        return parse(
                key,
                () -> WorkloadCertificate.of(
                        certificates,
                        Pem.privateKey(text(key), certificates.get(0).getPublicKey()),
                        bundles));
    }

    private static String text(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.ISO_8859_1);
    }

    /** Says which file it was. */
    private static <T> T parse(Path file, Parser<T> parser) throws IOException, GeneralSecurityException {
        try {
            return parser.parse();
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new GeneralSecurityException(file + ": " + e.getMessage(), e);
        }
    }
}
