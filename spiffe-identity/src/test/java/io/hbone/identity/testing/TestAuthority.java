package io.hbone.identity.testing;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustBundle;
import io.hbone.core.TrustBundles;
import io.hbone.core.TrustDomain;
import io.hbone.core.WorkloadCertificate;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Signs certificates as SPIRE would, of whatever validity a test wants. */
public final class TestAuthority {
    private static final AtomicLong SERIALS = new AtomicLong(1);

    private final TrustDomain trustDomain;
    private final KeyPair keys;
    private final X509Certificate root;

    public TestAuthority(String trustDomain, Instant from) {
        this.trustDomain = TrustDomain.of(trustDomain);
        this.keys = keyPair();
        this.root = sign(
                keys.getPublic(),
                "spiffe://" + trustDomain,
                from.minus(Duration.ofDays(1)),
                from.plus(Duration.ofDays(365)),
                true);
    }

    public static KeyPair keyPair() {
        return keyPair("EC", "secp256r1");
    }

    public static KeyPair keyPair(String algorithm, String curve) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
            if (curve != null) {
                generator.initialize(new ECGenParameterSpec(curve));
            }
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    public X509Certificate root() {
        return root;
    }

    public TrustDomain trustDomain() {
        return trustDomain;
    }

    public TrustBundle bundle() {
        return new TrustBundle(trustDomain, List.of(root));
    }

    public TrustBundles bundles() {
        return TrustBundles.of(bundle());
    }

    /** A new key and a certificate for it. */
    public WorkloadCertificate issue(SpiffeId id, Instant from, Instant to) {
        return issue(id, from, to, bundles());
    }

    public WorkloadCertificate issue(SpiffeId id, Instant from, Instant to, TrustBundles bundles) {
        KeyPair pair = keyPair();
        return WorkloadCertificate.of(List.of(sign(pair.getPublic(), id, from, to)), pair.getPrivate(), bundles);
    }

    public X509Certificate sign(PublicKey key, SpiffeId id, Instant from, Instant to) {
        return sign(key, id.toString(), from, to, false);
    }

    private X509Certificate sign(PublicKey key, String uri, Instant from, Instant to, boolean ca) {
        PrivateKey signer = keys.getPrivate();
        try {
            JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                    new X500Principal("O=Test authority of " + trustDomain),
                    BigInteger.valueOf(SERIALS.getAndIncrement()),
                    Date.from(from),
                    Date.from(to),
                    new X500Principal(ca ? "O=Test authority of " + trustDomain : "O=Test"),
                    key);
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(ca));
            builder.addExtension(
                    Extension.keyUsage,
                    true,
                    new KeyUsage(ca ? KeyUsage.keyCertSign | KeyUsage.cRLSign : KeyUsage.digitalSignature));
            builder.addExtension(
                    Extension.subjectAlternativeName,
                    false,
                    new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, uri)));
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(signer)));
        } catch (CertIOException | OperatorCreationException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
