package io.hbone.netty.tls;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.netty.tls.PeerRejectedException.Reason;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Decides about peers for one workload certificate: a client is believed when its chain is valid for a trust domain that has a
 * bundle; a server must in addition be one that its connection expects. What a client may do is not decided here but by policy
 * (spec/ztunnel.md 2.7 rule 5). Safe for use by any thread.
 *
 * @see SvidVerifier
 */
final class SpiffeTrustManager extends X509ExtendedTrustManager {
    private static final X509Certificate[] NO_HINTS = {};

    private final SvidVerifier verifier;
    private final ExpectedPeers expected = new ExpectedPeers();

    SpiffeTrustManager(SvidVerifier verifier) {
        this.verifier = verifier;
    }

    /** Says who the server of {@code connection} must be; to be called before its handshake. None means that nobody will do. */
    void expect(SSLEngine connection, Set<SpiffeId> servers) {
        expected.expect(connection, servers);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        // Whatever happens, what was expected is used up.
        Set<SpiffeId> servers = expected.take(engine);
        VerifiedPeer peer = verifier.verify(chain, PeerRole.SERVER);
        if (servers == null || !servers.contains(peer.id())) {
            throw unexpected(servers == null ? Set.of() : servers, peer.id());
        }
        remember(peer, engine);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        remember(verifier.verify(chain, PeerRole.CLIENT), engine);
    }

    /** In the words of ztunnel (spec/ztunnel.md 2.7). */
    private static PeerRejectedException unexpected(Set<SpiffeId> expected, SpiffeId presented) {
        boolean sameTrustDomain = expected.isEmpty();
        for (SpiffeId id : expected) {
            TrustDomain trustDomain = id.trustDomain();
            sameTrustDomain |= trustDomain.equals(presented.trustDomain());
        }
        return new PeerRejectedException(
                Reason.OTHER_IDENTITY,
                "identity verification error: peer did not present the expected SAN (" + Listing.of(expected)
                        + "), got " + presented + (sameTrustDomain ? "" : ", which is of another trust domain"));
    }

    private static void remember(VerifiedPeer peer, SSLEngine engine) {
        SSLSession session = engine.getHandshakeSession();
        if (session != null) {
            session.putValue(PeerIdentity.VERIFIED, peer);
        }
    }

    /** No hints: a client has one certificate, and no use for a list of what a federation believes. */
    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return NO_HINTS;
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw withoutEngine();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw withoutEngine();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw withoutEngine();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw withoutEngine();
    }

    private static CertificateException withoutEngine() {
        return new CertificateException("no SSLEngine (expected: a connection that says which peers it expects)");
    }
}
