package io.hbone.xds.ads;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Takes a server's certificate for either of two names, as {@code ALT_XDS_HOSTNAME} wants it: its path to the roots is for the JDK
 * to check, which compares with one name alone. Names are compared as RFC 6125 section 6.4 says, with a wildcard for the whole first
 * label only.
 */
final class EitherNameTrustManager extends X509ExtendedTrustManager {
    private static final Integer DNS_NAME = 2;
    private static final Integer IP_ADDRESS = 7;

    private final X509TrustManager paths;
    private final List<String> names;

    /**
     * @param pem certificates of those who may sign; null for those that the system trusts
     * @throws IOException when they cannot be used
     */
    EitherNameTrustManager(byte @Nullable [] pem, String host, String alternative) throws IOException {
        names = List.of(host.toLowerCase(Locale.ROOT), alternative.toLowerCase(Locale.ROOT));
        try {
            paths = trusting(pem == null ? null : store(pem));
        } catch (GeneralSecurityException e) {
            throw new IOException("roots: " + e.getMessage() + " (expected: certificates in PEM)", e);
        }
    }

    private static KeyStore store(byte[] pem) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        int count = 0;
        for (Certificate root :
                CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem))) {
            store.setCertificateEntry("root-" + count++, root);
        }
        if (count == 0) {
            throw new CertificateException("none");
        }
        return store;
    }

    private static X509TrustManager trusting(@Nullable KeyStore roots) throws GeneralSecurityException {
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
                    presented.add(String.valueOf(alternative.get(1)).toLowerCase(Locale.ROOT));
                }
            }
        }
        for (String name : names) {
            for (String one : presented) {
                if (matches(one, name)) {
                    return;
                }
            }
        }
        throw new CertificateException(
                "the xDS server's certificate is for " + presented + " (expected: one of " + names + ")");
    }

    private static boolean matches(String presented, String name) {
        int dot = name.indexOf('.');
        return presented.equals(name)
                || (presented.startsWith("*.")
                        && presented.indexOf('.', 2) > 0 // "*.local" would be too wide for anybody's purpose
                        && dot > 0
                        && presented.substring(1).equals(name.substring(dot)));
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
