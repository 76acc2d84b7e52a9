package io.hbone.xds.ads;

import io.grpc.util.AdvancedTlsX509TrustManager;
import io.grpc.util.AdvancedTlsX509TrustManager.SslSocketAndEnginePeerVerifier;
import io.grpc.util.AdvancedTlsX509TrustManager.Verification;
import io.grpc.util.CertificateUtils;
import io.hbone.core.ServerNames;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/** Verifies an xDS server's certificate: its path to the roots by the JDK, then its name, which may be either of two. */
final class ServerTrust implements SslSocketAndEnginePeerVerifier {
    private final ServerNames names;

    private ServerTrust(ServerNames names) {
        this.names = names;
    }

    /**
     * @param pem certificates of those who may sign; null for those that the Java runtime trusts
     * @throws IOException when they cannot be used
     */
    static TrustManager of(byte @Nullable [] pem, ServerNames names) throws IOException {
        try {
            AdvancedTlsX509TrustManager manager = AdvancedTlsX509TrustManager.newBuilder()
                    .setVerification(Verification.CERTIFICATE_ONLY_VERIFICATION)
                    .setSslSocketAndEnginePeerVerifier(new ServerTrust(names))
                    .build();
            if (pem == null) {
                manager.useSystemDefaultTrustCerts();
            } else {
                manager.updateTrustCredentials(roots(pem));
            }
            return manager;
        } catch (GeneralSecurityException e) {
            throw new IOException("roots: " + e.getMessage() + " (expected: certificates in PEM)", e);
        }
    }

    private static X509Certificate[] roots(byte[] pem) throws GeneralSecurityException {
        X509Certificate[] roots = CertificateUtils.getX509Certificates(new ByteArrayInputStream(pem));
        if (roots.length == 0) {
            throw new CertificateException("none");
        }
        return roots;
    }

    @Override
    public void verifyPeerCertificate(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        names.verify(chain[0]);
    }

    @Override
    public void verifyPeerCertificate(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        names.verify(chain[0]);
    }
}
