package io.hbone.identity.spire;

import com.google.protobuf.ByteString;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads DER certificates that stand one behind the other. Strict where the JDK's own reader is not: that one skips what is no
 * certificate, so that garbage would read as an empty bundle, which means that a trust domain is revoked.
 */
final class DerCertificates {
    private static final int SEQUENCE = 0x30;
    private static final int LONG_FORM = 0x80;
    private static final int MAX_LENGTH_BYTES = 3;

    private DerCertificates() {}

    /**
     * All certificates in {@code der}, which may be empty.
     *
     * @throws CertificateException when anything in there is not a whole certificate
     */
    static List<X509Certificate> parse(ByteString der) throws CertificateException {
        List<X509Certificate> certificates = new ArrayList<>();
        int at = 0;
        while (at < der.size()) {
            int end = end(der, at);
            certificates.add(read(der.substring(at, end), at));
            at = end;
        }
        return certificates;
    }

    private static X509Certificate read(ByteString der, int at) throws CertificateException {
        try {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(der.newInput());
        } catch (CertificateException | RuntimeException e) {
            throw new CertificateException("bytes " + at + " to " + (at + der.size()) + ": no certificate", e);
        }
    }

    /** Where the element that begins at {@code at} ends (X.690 section 8.1.3). */
    private static int end(ByteString der, int at) throws CertificateException {
        if ((der.byteAt(at) & 0xff) != SEQUENCE || at + 1 >= der.size()) {
            throw malformed(der, at);
        }
        int first = der.byteAt(at + 1) & 0xff;
        int content = at + 2;
        long length = first;
        if (first >= LONG_FORM) {
            int bytes = first - LONG_FORM;
            if (bytes < 1 || bytes > MAX_LENGTH_BYTES || content + bytes > der.size()) {
                throw malformed(der, at);
            }
            length = 0;
            for (int i = 0; i < bytes; i++) {
                length = (length << 8) | (der.byteAt(content + i) & 0xff);
            }
            content += bytes;
        }
        if (content + length > der.size()) {
            throw malformed(der, at);
        }
        return (int) (content + length);
    }

    private static CertificateException malformed(ByteString der, int at) {
        return new CertificateException(
                "byte " + at + " of " + der.size() + ": no whole DER certificate begins here (expected: one)");
    }
}
