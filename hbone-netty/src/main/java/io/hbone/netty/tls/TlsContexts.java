package io.hbone.netty.tls;

import io.hbone.core.RevocationSource;
import io.hbone.core.SpiffeId;
import io.hbone.core.WorkloadCertificate;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslHandler;
import java.time.Clock;
import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Makes TLS handlers. Contexts are kept for each certificate, and a certificate here is the instance: a replacement has a context
 * of its own at once, while connections of the old one go on undisturbed. What is replaced need not be announced: contexts that
 * nobody used for {@link #IDLE} and those of expired certificates are released when the next new certificate comes, so there are
 * as many as certificates in use. {@link #retire} does it at once.
 *
 * <p>Safe for use by any thread, made for event loops: a handler of a certificate that is in use costs no lock. The first handler
 * of a certificate costs a context, which is about a millisecond; {@link #prepare} takes that off the event loop.
 *
 * <h2>Reference counting</h2>
 * Native contexts are counted and freed with their last connection. Handlers must be added to a pipeline: they release their
 * engine when they leave it.
 */
public final class TlsContexts implements AutoCloseable {
    /** How long contexts that nobody uses are kept. */
    static final Duration IDLE = Duration.ofMinutes(10);

    /** How much plaintext one call encrypts at most, bytes: four records, which leave in one write. */
    public static final int DEFAULT_WRAP_DATA_SIZE = 64 * 1024;

    /** A node's peers; about 2 MB when full, as paths share their issuers. */
    private static final int MAX_VERIFIED_CHAINS = 4096;

    private final TlsProvider provider;
    private final Clock clock;
    private final int wrapDataSize;
    private final RevocationSource revocations;
    private final LivePeers live;
    private final VerifiedChains verified = new VerifiedChains(MAX_VERIFIED_CHAINS);

    /** Replaced, never changed, so that it is read without a lock. Null when closed. */
    private volatile @Nullable Map<WorkloadCertificate, CertificateContexts> contexts = new IdentityHashMap<>();

    /** With the system's clock. @throws IllegalStateException when {@code provider} cannot be used on this machine */
    public TlsContexts(TlsProvider provider) {
        this(provider, Clock.systemUTC(), DEFAULT_WRAP_DATA_SIZE);
    }

    /**
     * @param clock says which certificates are valid
     * @param wrapDataSize how much plaintext one call encrypts at most, bytes; more than 16 KiB makes several records in one
     *     buffer, which only {@link TlsProvider#OPENSSL} can; positive
     * @throws IllegalStateException when {@code provider} cannot be used on this machine
     */
    public TlsContexts(TlsProvider provider, Clock clock, int wrapDataSize) {
        this(provider, clock, wrapDataSize, RevocationSource.NONE);
    }

    /**
     * @param clock says which certificates are valid
     * @param wrapDataSize as above
     * @param revocations keeps revoked peers out, and cuts them off when they are connected
     * @throws IllegalStateException when {@code provider} cannot be used on this machine
     */
    public TlsContexts(TlsProvider provider, Clock clock, int wrapDataSize, RevocationSource revocations) {
        if (wrapDataSize <= 0) {
            throw new IllegalArgumentException("wrapDataSize: " + wrapDataSize + " (expected: > 0)");
        }
        this.provider = provider.requireAvailable();
        this.clock = clock;
        this.wrapDataSize = wrapDataSize;
        this.revocations = revocations;
        this.live = new LivePeers(revocations);
    }

    /** Who does the cryptography. */
    public TlsProvider provider() {
        return provider;
    }

    /**
     * A handler for one connection that we open.
     *
     * @param certificate ours, with the bundles by which the server is judged
     * @param expectedPeers who the server must be; an empty set fails the handshake
     * @param handshakeTimeout how long the handshake may take, positive, at least 1 ms; counted by the event loop
     * @throws IllegalArgumentException when the provider cannot use the certificate's key
     * @throws IllegalStateException after {@link #close}
     */
    public SslHandler newClientHandler(
            ByteBufAllocator allocator,
            WorkloadCertificate certificate,
            Set<SpiffeId> expectedPeers,
            Duration handshakeTimeout) {
        Set<SpiffeId> expected = Set.copyOf(expectedPeers);
        SslHandler handler = use(certificate, contextsOfOne -> contextsOfOne.newClientHandler(allocator, expected));
        return configured(handler, handshakeTimeout);
    }

    /**
     * A handler for one connection that we accepted.
     *
     * @param certificate ours, with the bundles by which the client is judged
     * @param handshakeTimeout how long the handshake may take, positive, at least 1 ms; counted by the event loop
     * @throws IllegalArgumentException when the provider cannot use the certificate's key
     * @throws IllegalStateException after {@link #close}
     */
    public SslHandler newServerHandler(
            ByteBufAllocator allocator, WorkloadCertificate certificate, Duration handshakeTimeout) {
        SslHandler handler = use(certificate, contextsOfOne -> contextsOfOne.newServerHandler(allocator));
        return configured(handler, handshakeTimeout);
    }

    /**
     * Makes both contexts of {@code certificate} now, on the calling thread, for whoever learns of a certificate before the next
     * connection does.
     *
     * @throws IllegalArgumentException when the provider cannot use the certificate's key
     * @throws IllegalStateException after {@link #close}
     */
    public void prepare(WorkloadCertificate certificate) {
        use(certificate, CertificateContexts::client);
        use(certificate, CertificateContexts::server);
    }

    /**
     * No new connections will use {@code certificate}: its contexts are freed with their last connection. Harmless when it was
     * never used, or is used again all the same.
     */
    public void retire(WorkloadCertificate certificate) {
        CertificateContexts retired = null;
        synchronized (this) {
            Map<WorkloadCertificate, CertificateContexts> now = contexts;
            if (now != null && now.containsKey(certificate)) {
                Map<WorkloadCertificate, CertificateContexts> next = new IdentityHashMap<>(now);
                retired = next.remove(certificate);
                contexts = next;
            }
        }
        if (retired != null) {
            retired.close();
        }
    }

    /** The contexts that {@code certificate} has at the moment. */
    @Nullable CertificateContexts known(WorkloadCertificate certificate) {
        return open().get(certificate);
    }

    /** How many certificates have contexts. */
    int size() {
        Map<WorkloadCertificate, CertificateContexts> now = contexts;
        return now == null ? 0 : now.size();
    }

    /** Frees all contexts, each with its last connection. Harmless when repeated. */
    @Override
    public void close() {
        Map<WorkloadCertificate, CertificateContexts> last;
        synchronized (this) {
            last = contexts;
            contexts = null;
        }
        live.close();
        if (last != null) {
            last.values().forEach(CertificateContexts::close);
        }
    }

    private SslHandler configured(SslHandler handler, Duration handshakeTimeout) {
        // Zero would mean for ever.
        handler.setHandshakeTimeoutMillis(Math.max(1, handshakeTimeout.toMillis()));
        handler.setWrapDataSize(wrapDataSize);
        live.watch(handler);
        return handler;
    }

    /** @param use answers null when the contexts were closed meanwhile; then there are new ones, or this is closed as well */
    private <T> T use(WorkloadCertificate certificate, Function<CertificateContexts, @Nullable T> use) {
        while (true) {
            CertificateContexts contextsOfOne = known(certificate);
            if (contextsOfOne == null) {
                contextsOfOne = add(certificate);
            }
            contextsOfOne.used(clock.millis());
            T result = use.apply(contextsOfOne);
            if (result != null) {
                return result;
            }
        }
    }

    private synchronized CertificateContexts add(WorkloadCertificate certificate) {
        Map<WorkloadCertificate, CertificateContexts> now = open();
        CertificateContexts known = now.get(certificate);
        if (known != null) {
            return known;
        }
        CertificateContexts added = new CertificateContexts(
                provider,
                certificate,
                new SpiffeTrustManager(new SvidVerifier(certificate.bundles(), verified, clock, revocations)),
                clock.millis());
        Map<WorkloadCertificate, CertificateContexts> next = new IdentityHashMap<>();
        now.forEach((other, contextsOfOther) -> {
            if (isInUse(other, contextsOfOther)) {
                next.put(other, contextsOfOther);
            } else {
                contextsOfOther.close();
            }
        });
        next.put(certificate, added);
        contexts = next;
        return added;
    }

    private boolean isInUse(WorkloadCertificate certificate, CertificateContexts contextsOfOne) {
        return certificate.isValidAt(clock.instant())
                && clock.millis() - contextsOfOne.lastUsedMillis() < IDLE.toMillis();
    }

    private Map<WorkloadCertificate, CertificateContexts> open() {
        Map<WorkloadCertificate, CertificateContexts> now = contexts;
        if (now == null) {
            throw new IllegalStateException("closed");
        }
        return now;
    }
}
