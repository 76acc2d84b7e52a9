package io.hbone.identity.internal;

import io.hbone.core.SpiffeId;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/** Writes and reads certificate signing requests (PKCS#10, RFC 2986), as Istio's clients make them (spec/ztunnel.md 2.7). */
public final class CertificateRequests {
    private static final String LABEL = "CERTIFICATE REQUEST";

    /** A request with an RSA key of 8192 bits has 4 KB. */
    private static final int MAX_LENGTH = 16 * 1024;

    private static final int MAX_NAMES = 16;

    /**
     * What a request asks for. Its sender has the key's private half: that was verified.
     *
     * @param key to be certified, of a kind that we support
     * @param uris its subject alternative names of type URI; whatever else it asks for is not read
     */
    public record Request(PublicKey key, List<String> uris) {
        public Request {
            uris = List.copyOf(uris);
        }
    }

    private CertificateRequests() {}

    /** A request for a certificate of {@code id}, PEM: empty subject, one URI name, critical as nothing else tells who it is. */
    public static String write(SpiffeId id, KeyPair key) throws GeneralSecurityException {
        try {
            ExtensionsGenerator extensions = new ExtensionsGenerator();
            extensions.addExtension(
                    Extension.subjectAlternativeName,
                    true,
                    new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, id.toString())));
            PKCS10CertificationRequest request = new JcaPKCS10CertificationRequestBuilder(
                            new X500Name(new RDN[0]), key.getPublic())
                    .addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate())
                    .build(new JcaContentSignerBuilder(KeyKinds.signature(key.getPrivate())).build(key.getPrivate()));
            return Pem.write(LABEL, request.getEncoded());
        } catch (IOException | OperatorCreationException e) {
            throw new GeneralSecurityException("certificate request: " + e.getMessage(), e);
        }
    }

    /**
     * Reads what a stranger sent.
     *
     * @throws GeneralSecurityException for whatever is wrong with it, in words that may go back to its sender
     */
    public static Request read(String pem) throws GeneralSecurityException {
        if (pem.length() > MAX_LENGTH) {
            throw new GeneralSecurityException(
                    "csr: " + pem.length() + " characters (expected: <= " + MAX_LENGTH + ")");
        }
        try {
            JcaPKCS10CertificationRequest request = new JcaPKCS10CertificationRequest(Pem.only(pem, LABEL));
            PublicKey key = request.getPublicKey();
            KeyKinds.require(key);
            if (!request.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key))) {
                throw new GeneralSecurityException("csr: not signed by its own key");
            }
            return new Request(key, uris(request));
        } catch (GeneralSecurityException e) {
            throw e;
        } catch (IOException | OperatorCreationException | PKCSException e) {
            throw new GeneralSecurityException("csr: cannot be read: " + e.getMessage(), e);
        } catch (RuntimeException e) {
            // The library throws all sorts of them at bytes that it did not foresee.
            throw new GeneralSecurityException("csr: cannot be read", e);
        }
    }

    private static List<String> uris(PKCS10CertificationRequest request) throws GeneralSecurityException {
        Extensions extensions = request.getRequestedExtensions();
        GeneralNames names =
                extensions == null ? null : GeneralNames.fromExtensions(extensions, Extension.subjectAlternativeName);
        List<String> uris = new ArrayList<>();
        if (names != null) {
            if (names.getNames().length > MAX_NAMES) {
                throw new GeneralSecurityException(
                        "csr: " + names.getNames().length + " names (expected: <= " + MAX_NAMES + ")");
            }
            for (GeneralName name : names.getNames()) {
                if (name.getTagNo() == GeneralName.uniformResourceIdentifier) {
                    uris.add(name.getName().toString());
                }
            }
        }
        return uris;
    }
}
