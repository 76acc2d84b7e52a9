package io.hbone.identity.ca;

import io.grpc.util.AdvancedTlsX509KeyManager;
import io.hbone.identity.internal.SigningCa;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.X509ExtendedKeyManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The certificate that the server itself shows, issued by its own CA and replaced when half of its life is over. */
final class ServingCertificate implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ServingCertificate.class);

    private final CertificateAuthority authority;
    private final List<String> dnsNames;
    private final Duration lifetime;
    private final AdvancedTlsX509KeyManager keys = new AdvancedTlsX509KeyManager();
    private final ScheduledFuture<?> rotation;

    /** @throws GeneralSecurityException when none can be issued */
    ServingCertificate(
            CertificateAuthority authority, List<String> dnsNames, Duration lifetime, ScheduledExecutorService executor)
            throws GeneralSecurityException {
        this.authority = authority;
        this.dnsNames = List.copyOf(dnsNames);
        this.lifetime = lifetime;
        issue();
        long half = Math.max(1, lifetime.toMillis() / 2);
        rotation = executor.scheduleWithFixedDelay(this::rotate, half, half, TimeUnit.MILLISECONDS);
    }

    /** Always has the newest. */
    X509ExtendedKeyManager keys() {
        return keys;
    }

    private void issue() throws GeneralSecurityException {
        KeyPair key = SigningCa.newKey();
        X509Certificate leaf = authority.issueServing(dnsNames, key.getPublic(), lifetime);
        List<X509Certificate> chain = new ArrayList<>();
        chain.add(leaf);
        chain.addAll(authority.intermediates());
        keys.updateIdentityCredentials(chain.toArray(new X509Certificate[0]), key.getPrivate());
        log.info(
                "serving certificate: names={} serial={} not_after={}",
                dnsNames,
                leaf.getSerialNumber().toString(16),
                leaf.getNotAfter().toInstant());
    }

    private void rotate() {
        try {
            issue();
        } catch (GeneralSecurityException | RuntimeException e) {
            log.error("serving certificate not renewed, the last one stays in use: {}", e.getMessage());
        }
    }

    @Override
    public void close() {
        rotation.cancel(false);
    }
}
