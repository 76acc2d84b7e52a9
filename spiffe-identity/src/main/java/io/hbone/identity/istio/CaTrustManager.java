package io.hbone.identity.istio;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Verifies the CA's certificate: its path to our roots by the JDK, then its name, which may be any of several (ALT_CA_HOSTNAME);
 * the JDK compares with one alone. Names are compared as RFC 6125 section 6.4 says, with a wildcard for the whole first label only.
 */
final class CaTrustManager extends X509ExtendedTrustManager {
    private static final Integer DNS_NAME = 2;
    private static final Integer IP_ADDRESS = 7;

    private final X509TrustManager paths;
    private final Set<String> names;

    /** @param names DNS names or IP addresses of which one must be the server's; not empty */
    CaTrustManager(@Nullable KeyStore roots, Set<String> names) throws GeneralSecurityException {
        this.paths = platform(roots);
        this.names = Set.copyOf(names);
    }

    private static X509TrustManager platform(@Nullable KeyStore roots) throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(roots);
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509TrustManager found) {
                return found;
            }
        }
        throw new GeneralSecurityException("a platform without a trust manager for X.509");
    }

    private void check(X509Certificate[] chain, String authType) throws CertificateException {
        paths.checkServerTrusted(chain, authType);
        List<String> presented = new ArrayList<>();
        Collection<List<?>> alternatives = chain[0].getSubjectAlternativeNames();
        if (alternatives != null) {
            for (List<?> alternative : alternatives) {
                if (DNS_NAME.equals(alternative.get(0)) || IP_ADDRESS.equals(alternative.get(0))) {
                    presented.add(String.valueOf(alternative.get(1)));
                }
            }
        }
        for (String name : names) {
            for (String one : presented) {
                if (matches(one.toLowerCase(Locale.ROOT), name.toLowerCase(Locale.ROOT))) {
                    return;
                }
            }
        }
        throw new CertificateException(
                "the CA's certificate is for " + presented + " (expected: one of " + names + ")");
    }

    private static boolean matches(String presented, String name) {
        if (presented.equals(name)) {
            return true;
        }
        int dot = name.indexOf('.');
        // "*.local" would be too wide for anybody's purpose.
        return presented.startsWith("*.")
                && presented.indexOf('.', 2) > 0
                && dot > 0
                && presented.substring(1).equals(name.substring(dot));
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        check(chain, authType);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        check(chain, authType);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        check(chain, authType);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        throw noServer();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw noServer();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw noServer();
    }

    private static CertificateException noServer() {
        return new CertificateException("a client's certificate (expected: to verify servers)");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return paths.getAcceptedIssuers();
    }
}
