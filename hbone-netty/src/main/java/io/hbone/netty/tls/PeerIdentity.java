package io.hbone.netty.tls;

import io.hbone.core.SpiffeId;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/**
 * Who the peer of a finished handshake is.
 *
 * @param id what its certificate proves
 * @param serial the serial number of the peer's certificate, hexadecimal in lower case; {@code WorkloadCertificate.serial()} has
 *     that of the own one
 * @param cipherSuite as TLS names it, for example {@code TLS_AES_128_GCM_SHA256}
 */
public record PeerIdentity(SpiffeId id, String serial, String cipherSuite) {

    /** Where the trust manager leaves the {@link VerifiedPeer} in a session. */
    static final String VERIFIED = "io.hbone.netty.tls.verified";

    /**
     * Reads the session of a connection that {@link TlsContexts} made. To be called after its handshake, on any thread.
     *
     * @throws SSLPeerUnverifiedException when the handshake is not over or has failed
     */
    public static PeerIdentity of(SSLSession session) throws SSLPeerUnverifiedException {
        // First of all, because it says whether there is a peer at all.
        Certificate[] chain = session.getPeerCertificates();
        if (session.getValue(VERIFIED) instanceof VerifiedPeer peer) {
            return new PeerIdentity(peer.id(), peer.serial(), session.getCipherSuite());
        }
        X509Certificate leaf = (X509Certificate) chain[0];
        try {
            return new PeerIdentity(SpiffeId.of(leaf), leaf.getSerialNumber().toString(16), session.getCipherSuite());
        } catch (CertificateException e) {
            SSLPeerUnverifiedException unverified = new SSLPeerUnverifiedException(e.getMessage());
            unverified.initCause(e);
            throw unverified;
        }
    }
}
