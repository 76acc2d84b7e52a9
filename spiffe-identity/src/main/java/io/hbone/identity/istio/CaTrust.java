package io.hbone.identity.istio;

import io.grpc.util.AdvancedTlsX509TrustManager;
import io.grpc.util.AdvancedTlsX509TrustManager.SslSocketAndEnginePeerVerifier;
import io.grpc.util.AdvancedTlsX509TrustManager.Verification;
import io.hbone.core.ServerNames;
import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;

/** Verifies the CA's certificate: its path to our roots by the JDK, then its name, which may be any of several. */
final class CaTrust implements SslSocketAndEnginePeerVerifier {
    private final ServerNames names;

    private CaTrust(ServerNames names) {
        this.names = names;
    }

    /** @param roots those who may sign it; empty stands for what the Java runtime trusts */
    static TrustManager of(List<X509Certificate> roots, ServerNames names) throws GeneralSecurityException {
        AdvancedTlsX509TrustManager manager = AdvancedTlsX509TrustManager.newBuilder()
                .setVerification(Verification.CERTIFICATE_ONLY_VERIFICATION)
                .setSslSocketAndEnginePeerVerifier(new CaTrust(names))
                .build();
        if (roots.isEmpty()) {
            manager.useSystemDefaultTrustCerts();
            return manager;
        }
        try {
            manager.updateTrustCredentials(roots.toArray(X509Certificate[]::new));
        } catch (IOException e) {
            throw new GeneralSecurityException("roots: " + e.getMessage(), e);
        }
        return manager;
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
