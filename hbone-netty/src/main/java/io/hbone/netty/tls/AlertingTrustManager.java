package io.hbone.netty.tls;

import io.netty.handler.ssl.OpenSslCertificateException;
import io.netty.internal.tcnative.CertificateVerifier;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Translates rejections for BoringSSL, so that the peer's operator reads the alert unknown_ca or certificate_expired and not just
 * certificate_unknown, which is all that the JDK ever sends. As safe for threads as what it wraps.
 */
final class AlertingTrustManager extends X509ExtendedTrustManager {
    private final SpiffeTrustManager delegate;

    AlertingTrustManager(SpiffeTrustManager delegate) {
        this.delegate = delegate;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        try {
            delegate.checkServerTrusted(chain, authType, engine);
        } catch (PeerRejectedException e) {
            throw withAlert(e);
        }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        try {
            delegate.checkClientTrusted(chain, authType, engine);
        } catch (PeerRejectedException e) {
            throw withAlert(e);
        }
    }

    private static CertificateException withAlert(PeerRejectedException e) {
        int code =
                switch (e.reason()) {
                    case UNKNOWN_AUTHORITY -> CertificateVerifier.X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
                    case EXPIRED -> CertificateVerifier.X509_V_ERR_CERT_HAS_EXPIRED;
                    case NOT_YET_VALID -> CertificateVerifier.X509_V_ERR_CERT_NOT_YET_VALID;
                    case REVOKED -> CertificateVerifier.X509_V_ERR_CERT_REVOKED;
                    case BAD_CERTIFICATE, OTHER_IDENTITY -> CertificateVerifier.X509_V_ERR_CERT_REJECTED;
                };
        return new OpenSslCertificateException(e.getMessage(), e, code);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return delegate.getAcceptedIssuers();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        delegate.checkClientTrusted(chain, authType, socket);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        delegate.checkServerTrusted(chain, authType, socket);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        delegate.checkClientTrusted(chain, authType);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        delegate.checkServerTrusted(chain, authType);
    }
}
