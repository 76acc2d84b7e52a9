package io.hbone.identity.internal;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * Makes certificates of the shape that SPIFFE asks for (X509-SVID sections 2 to 4, spec/spire.md 4.2). BouncyCastle does the
 * encoding alone: keys and signatures are the JDK's.
 */
final class X509Issuer {
    /** RFC 5280 section 4.1.2.2: positive, and at most 20 octets. */
    private static final int SERIAL_BITS = 127;

    private static final SecureRandom random = new SecureRandom();

    private X509Issuer() {}

    /** A new key on P-256. */
    static KeyPair newKey() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"), random);
        return generator.generateKeyPair();
    }

    /** The certificate of a CA of {@code trustDomain}, signed by itself, that may sign leaves and no other CA. */
    static X509Certificate root(
            KeyPair key, String commonName, TrustDomain trustDomain, Instant notBefore, Instant notAfter)
            throws GeneralSecurityException {
        X500Name name = new X500Name("CN=" + commonName);
        X509v3CertificateBuilder builder = builder(name, name, key.getPublic(), notBefore, notAfter);
        try {
            JcaX509ExtensionUtils utils = new JcaX509ExtensionUtils();
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            builder.addExtension(
                    Extension.subjectKeyIdentifier, false, utils.createSubjectKeyIdentifier(key.getPublic()));
            builder.addExtension(Extension.subjectAlternativeName, false, uri("spiffe://" + trustDomain));
        } catch (CertIOException e) {
            throw new GeneralSecurityException(e);
        }
        return sign(builder, key.getPrivate());
    }

    /** The certificate of a workload, for both sides of a connection. */
    static X509Certificate svid(
            SpiffeId id,
            PublicKey key,
            X509Certificate issuer,
            PrivateKey issuerKey,
            Instant notBefore,
            Instant notAfter)
            throws GeneralSecurityException {
        return leaf(
                uri(id.toString()),
                new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth},
                key,
                issuer,
                issuerKey,
                notBefore,
                notAfter);
    }

    /** The certificate of a server that is known by its DNS names, and has no SPIFFE id. */
    static X509Certificate server(
            List<String> dnsNames,
            PublicKey key,
            X509Certificate issuer,
            PrivateKey issuerKey,
            Instant notBefore,
            Instant notAfter)
            throws GeneralSecurityException {
        GeneralName[] names = dnsNames.stream()
                .map(name -> new GeneralName(GeneralName.dNSName, name))
                .toArray(GeneralName[]::new);
        return leaf(
                new GeneralNames(names),
                new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth},
                key,
                issuer,
                issuerKey,
                notBefore,
                notAfter);
    }

    private static X509Certificate leaf(
            GeneralNames names,
            KeyPurposeId[] purposes,
            PublicKey key,
            X509Certificate issuer,
            PrivateKey issuerKey,
            Instant notBefore,
            Instant notAfter)
            throws GeneralSecurityException {
        X500Name issuerName =
                X500Name.getInstance(issuer.getSubjectX500Principal().getEncoded());
        X509v3CertificateBuilder builder = builder(issuerName, new X500Name("O=hbone"), key, notBefore, notAfter);
        try {
            JcaX509ExtensionUtils utils = new JcaX509ExtensionUtils();
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purposes));
            builder.addExtension(
                    Extension.authorityKeyIdentifier, false, utils.createAuthorityKeyIdentifier(issuer.getPublicKey()));
            builder.addExtension(Extension.subjectKeyIdentifier, false, utils.createSubjectKeyIdentifier(key));
            builder.addExtension(Extension.subjectAlternativeName, false, names);
        } catch (CertIOException e) {
            throw new GeneralSecurityException(e);
        }
        return sign(builder, issuerKey);
    }

    private static X509v3CertificateBuilder builder(
            X500Name issuer, X500Name subject, PublicKey key, Instant notBefore, Instant notAfter) {
        BigInteger serial = new BigInteger(SERIAL_BITS, random).setBit(0);
        return new JcaX509v3CertificateBuilder(issuer, serial, Date.from(notBefore), Date.from(notAfter), subject, key);
    }

    private static GeneralNames uri(String uri) {
        return new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, uri));
    }

    private static X509Certificate sign(X509v3CertificateBuilder builder, PrivateKey key)
            throws GeneralSecurityException {
        try {
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder(KeyKinds.signature(key)).build(key)));
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException(e);
        }
    }
}
