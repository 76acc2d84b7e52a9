package io.hbone.netty.tls;

import io.hbone.core.WorkloadCertificate;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Presents one workload certificate, whatever authorities the peer says that it believes: a certificate that is refused tells an
 * operator more than one that was not shown. Immutable.
 */
final class SvidKeyManager extends X509ExtendedKeyManager {
    private static final String ALIAS = "svid";

    /** Always the same array: Netty parses the material again when it sees another one. Nobody writes to it. */
    private final X509Certificate[] chain;

    private final PrivateKey key;
    private final String keyType;

    SvidKeyManager(WorkloadCertificate certificate) {
        chain = certificate.chain().toArray(new X509Certificate[0]);
        key = certificate.privateKey();
        keyType = certificate.leaf().getPublicKey().getAlgorithm();
    }

    @Override
    public @Nullable String chooseEngineClientAlias(
            String[] keyTypes, Principal @Nullable [] issuers, SSLEngine engine) {
        for (String type : keyTypes) {
            if (fits(type)) {
                return ALIAS;
            }
        }
        return null;
    }

    @Override
    public @Nullable String chooseEngineServerAlias(String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
        return fits(keyType) ? ALIAS : null;
    }

    /** Ed25519 keys call themselves EdDSA, or by their curve, as the JDK's version goes. */
    private boolean fits(String type) {
        return type.equals(keyType) || (keyType.equals("EdDSA") && type.equals("Ed25519"));
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(String alias) {
        return alias.equals(ALIAS) ? chain : null;
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(String alias) {
        return alias.equals(ALIAS) ? key : null;
    }

    @Override
    public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
        return fits(keyType) ? new String[] {ALIAS} : null;
    }

    @Override
    public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
        return fits(keyType) ? new String[] {ALIAS} : null;
    }

    @Override
    public @Nullable String chooseClientAlias(
            String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null;
    }

    @Override
    public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null;
    }
}
