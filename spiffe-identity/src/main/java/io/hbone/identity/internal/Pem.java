package io.hbone.identity.internal;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes PEM (RFC 7468), by the JDK alone. Keys may be PKCS#8, or what {@code openssl ecparam} and {@code openssl
 * genrsa} used to write.
 */
public final class Pem {
    private static final String BEGIN = "-----BEGIN ";
    private static final String END = "-----END ";
    private static final String DASHES = "-----";

    private static final String CERTIFICATE = "CERTIFICATE";
    private static final String PKCS8 = "PRIVATE KEY";
    private static final String PKCS1 = "RSA PRIVATE KEY";
    private static final String SEC1 = "EC PRIVATE KEY";

    private static final int DER_SEQUENCE = 0x30;
    private static final int DER_OCTET_STRING = 0x04;
    private static final byte[] DER_INTEGER_0 = {0x02, 0x01, 0x00};

    private Pem() {}

    /** One block of a file. */
    private record Block(String label, byte[] content) {}

    /** @throws CertificateException with what is wrong, also when there is none */
    public static List<X509Certificate> certificates(String text) throws CertificateException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> certificates = new ArrayList<>();
        for (Block block : blocks(text)) {
            if (block.label.equals(CERTIFICATE)) {
                ByteArrayInputStream in = new ByteArrayInputStream(block.content);
                certificates.add((X509Certificate) factory.generateCertificate(in));
            }
        }
        if (certificates.isEmpty()) {
            throw new CertificateException("no certificate in it (expected: " + BEGIN + CERTIFICATE + DASHES + ")");
        }
        return certificates;
    }

    /**
     * The one private key of a file.
     *
     * @param publicKey the key that it belongs to, which says of which kind it is
     * @throws GeneralSecurityException with what is wrong
     */
    public static PrivateKey privateKey(String text, PublicKey publicKey) throws GeneralSecurityException {
        Block found = null;
        for (Block block : blocks(text)) {
            if (block.label.endsWith(PKCS8)) {
                if (found != null) {
                    throw new GeneralSecurityException("two private keys in it (expected: one)");
                }
                found = block;
            }
        }
        if (found == null) {
            throw new GeneralSecurityException("no private key in it (expected: " + BEGIN + PKCS8 + DASHES + ")");
        }
        byte[] pkcs8 =
                switch (found.label) {
                    case PKCS8 -> found.content;
                    case PKCS1, SEC1 -> wrap(found.content, publicKey);
                    default ->
                        throw new GeneralSecurityException(
                                found.label + " in it (expected: " + PKCS8 + ", not encrypted)");
                };
        return KeyFactory.getInstance(publicKey.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    }

    /**
     * The content of the one block of a text.
     *
     * @param label of the block, such as {@code CERTIFICATE REQUEST}
     * @throws GeneralSecurityException with what is wrong, also when there are several
     */
    static byte[] only(String text, String label) throws GeneralSecurityException {
        List<Block> blocks = blocks(text);
        if (blocks.size() != 1 || !blocks.get(0).label.endsWith(label)) {
            throw new GeneralSecurityException(
                    blocks.size() + " PEM blocks (expected: one, " + BEGIN + label + DASHES + ")");
        }
        return blocks.get(0).content;
    }

    /** The contents of all blocks with that label; none is no error. @throws CertificateException when it is not PEM */
    public static List<byte[]> contents(String text, String label) throws CertificateException {
        List<byte[]> contents = new ArrayList<>();
        for (Block block : blocks(text)) {
            if (block.label.equals(label)) {
                contents.add(block.content);
            }
        }
        return contents;
    }

    /** One block. */
    static String write(String label, byte[] content) {
        StringBuilder out = new StringBuilder();
        append(out, label, content);
        return out.toString();
    }

    public static String write(Collection<X509Certificate> certificates) {
        StringBuilder out = new StringBuilder();
        for (X509Certificate certificate : certificates) {
            try {
                append(out, CERTIFICATE, certificate.getEncoded());
            } catch (CertificateEncodingException e) {
                throw new IllegalArgumentException("certificate: " + certificate.getSubjectX500Principal(), e);
            }
        }
        return out.toString();
    }

    public static String write(PrivateKey key) {
        StringBuilder out = new StringBuilder();
        append(out, PKCS8, key.getEncoded());
        return out.toString();
    }

    private static void append(StringBuilder out, String label, byte[] content) {
        String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        out.append(BEGIN).append(label).append(DASHES).append('\n');
        out.append(base64).append('\n');
        out.append(END).append(label).append(DASHES).append('\n');
    }

    private static List<Block> blocks(String text) throws CertificateException {
        List<Block> blocks = new ArrayList<>();
        String label = null;
        StringBuilder base64 = new StringBuilder();
        for (String line : text.split("\n", -1)) {
            String stripped = line.strip();
            if (stripped.startsWith(BEGIN) && stripped.endsWith(DASHES)) {
                label = stripped.substring(BEGIN.length(), stripped.length() - DASHES.length());
                base64.setLength(0);
            } else if (label != null && stripped.startsWith(END)) {
                blocks.add(new Block(label, decode(label, base64)));
                label = null;
            } else if (label != null) {
                base64.append(stripped);
            }
        }
        if (label != null) {
            // A file that is being written looks like this.
            throw new CertificateException(label + " without an end (expected: " + END + label + DASHES + ")");
        }
        return blocks;
    }

    private static byte[] decode(String label, StringBuilder base64) throws CertificateException {
        try {
            return Base64.getDecoder().decode(base64.toString().getBytes(StandardCharsets.ISO_8859_1));
        } catch (IllegalArgumentException e) {
            // Without the cause: its message may quote what is in the file.
            throw new CertificateException(label + " that is not base64");
        }
    }

    /**
     * PKCS#8 around an older form: the algorithm of the public key is that of the private key (RFC 5208 section 5, RFC 5280
     * section 4.1.2.7).
     */
    private static byte[] wrap(byte[] key, PublicKey publicKey) throws GeneralSecurityException {
        byte[] algorithm = firstElement(publicKey.getEncoded());
        if (algorithm == null) {
            throw new GeneralSecurityException("public key " + publicKey.getAlgorithm() + " without an algorithm");
        }
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        content.writeBytes(DER_INTEGER_0);
        content.writeBytes(algorithm);
        content.writeBytes(der(DER_OCTET_STRING, key));
        return der(DER_SEQUENCE, content.toByteArray());
    }

    private static byte[] der(int tag, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(content.length + 6);
        out.write(tag);
        int length = content.length;
        if (length < 0x80) {
            out.write(length);
        } else {
            int bytes = length <= 0xff ? 1 : length <= 0xffff ? 2 : 3;
            out.write(0x80 | bytes);
            for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
                out.write(length >> shift);
            }
        }
        out.writeBytes(content);
        return out.toByteArray();
    }

    /** The first element of a DER sequence, with its header. */
    private static byte @Nullable [] firstElement(byte[] sequence) {
        int at = headerEnd(sequence, 0);
        int contentAt = at < 0 ? -1 : headerEnd(sequence, at);
        if (contentAt < 0) {
            return null;
        }
        int end = contentAt + contentLength(sequence, at);
        if (end > sequence.length) {
            return null;
        }
        byte[] element = new byte[end - at];
        System.arraycopy(sequence, at, element, 0, element.length);
        return element;
    }

    private static int headerEnd(byte[] der, int at) {
        if (at + 2 > der.length) {
            return -1;
        }
        int length = der[at + 1] & 0xff;
        int end = at + 2 + (length < 0x80 ? 0 : length & 0x7f);
        return end > der.length || length > 0x83 ? -1 : end;
    }

    private static int contentLength(byte[] der, int at) {
        int first = der[at + 1] & 0xff;
        if (first < 0x80) {
            return first;
        }
        int length = 0;
        for (int i = 0; i < (first & 0x7f); i++) {
            length = length << 8 | (der[at + 2 + i] & 0xff);
        }
        return length;
    }
}
