package io.hbone.core;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** Reads the certificates and keys in {@code src/test/resources/.../certificates}; {@code make.sh} there makes them. */
final class Certificates {
    private Certificates() {}

    /** The certificates of {@code <name>.pem}, in the file's order. */
    static List<X509Certificate> chain(String name) {
        try (InputStream in = open(name + ".pem")) {
            List<X509Certificate> chain = new ArrayList<>();
            for (Certificate certificate :
                    CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                chain.add((X509Certificate) certificate);
            }
            return chain;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(name, e);
        }
    }

    /** The first certificate of {@code <name>.pem}. */
    static X509Certificate certificate(String name) {
        return chain(name).get(0);
    }

    /** The key in {@code <name>.key}, where the name starts with its kind: p256, rsa2048, ed25519 and so on. */
    static PrivateKey key(String name) {
        String algorithm = name.startsWith("p") ? "EC" : name.startsWith("rsa") ? "RSA" : "EdDSA";
        try (InputStream in = open(name + ".key")) {
            String pem = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
            byte[] der = Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
            return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(name, e);
        }
    }

    private static InputStream open(String file) throws IOException {
        InputStream in = Certificates.class.getResourceAsStream("certificates/" + file);
        if (in == null) {
            throw new IOException("no such test resource: certificates/" + file);
        }
        return in;
    }
}
