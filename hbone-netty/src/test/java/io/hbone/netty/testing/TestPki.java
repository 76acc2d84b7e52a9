package io.hbone.netty.testing;

import io.hbone.core.IdentitySource;
import io.hbone.core.SpiffeId;
import io.hbone.core.TrustBundle;
import io.hbone.core.TrustBundles;
import io.hbone.core.TrustDomain;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.CertificateBuilder.KeyUsage;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * An in-memory certificate authority of one trust domain, shaped as Istio and SPIRE shape theirs: ECDSA P-256, one URI name,
 * critical key usage, both extended key usages. Immutable and safe for use by any thread.
 *
 * <pre>{@code
 * TestPki pki = TestPki.ca("cluster.local");
 * WorkloadCertificate client = pki.workload("default", "client");
 * WorkloadCertificate brief = pki.svid("default", "client").lifetime(Duration.ofSeconds(5)).issue();
 * IdentitySource source = TestPki.source(client);
 * }</pre>
 */
public final class TestPki {
    private static final Duration CA_LIFETIME = Duration.ofDays(365);
    private static final Duration LIFETIME = Duration.ofHours(1);

    /** How far certificates start in the past, so that clocks may differ. */
    private static final Duration BACKDATE = Duration.ofSeconds(10);

    private final TrustDomain trustDomain;
    private final X509Bundle signer;
    private final List<X509Certificate> roots;
    private final List<TrustBundle> federated;

    private TestPki(
            TrustDomain trustDomain, X509Bundle signer, List<X509Certificate> roots, List<TrustBundle> federated) {
        this.trustDomain = trustDomain;
        this.signer = signer;
        this.roots = roots;
        this.federated = federated;
    }

    /** A new root of {@code trustDomain}; two calls with one name give two roots that do not believe each other. */
    public static TestPki ca(String trustDomain) {
        return ca(trustDomain, builder -> builder);
    }

    /** The same with the root's certificate changed before it is signed. */
    public static TestPki ca(String trustDomain, UnaryOperator<CertificateBuilder> change) {
        X509Bundle root = build(() -> change.apply(caBuilder(trustDomain)).buildSelfSigned());
        return new TestPki(TrustDomain.of(trustDomain), root, List.of(root.getCertificate()), List.of());
    }

    /** A CA that this one signed; the root in the bundle stays the same, chains get longer. */
    public TestPki intermediate() {
        return intermediate(builder -> builder);
    }

    /** The same with the intermediate's certificate changed before it is signed. */
    public TestPki intermediate(UnaryOperator<CertificateBuilder> change) {
        X509Bundle next =
                build(() -> change.apply(caBuilder(trustDomain.name())).buildIssuedBy(signer));
        return new TestPki(trustDomain, next, roots, federated);
    }

    /** The same CA; certificates that it issues from now on believe the trust domains of {@code others} as well. */
    public TestPki federatedWith(TestPki... others) {
        List<TrustBundle> all = new ArrayList<>(federated);
        for (TestPki other : others) {
            all.add(other.bundle());
        }
        return new TestPki(trustDomain, signer, roots, List.copyOf(all));
    }

    /** Signs {@code builder} as it is, for certificates that no good CA would issue. */
    public X509Bundle sign(CertificateBuilder builder) {
        return build(() -> builder.buildIssuedBy(signer));
    }

    public TrustDomain trustDomain() {
        return trustDomain;
    }

    /** The certificate and key that sign. */
    public X509Bundle signer() {
        return signer;
    }

    /** The roots of this trust domain. */
    public TrustBundle bundle() {
        return new TrustBundle(trustDomain, roots);
    }

    /** This trust domain's bundle and the federated ones. */
    public TrustBundles bundles() {
        List<TrustBundle> all = new ArrayList<>(federated);
        all.add(bundle());
        return TrustBundles.of(all);
    }

    /** {@code spiffe://<trust domain>/ns/<namespace>/sa/<serviceAccount>}. */
    public SpiffeId id(String namespace, String serviceAccount) {
        return SpiffeId.ofServiceAccount(trustDomain, namespace, serviceAccount);
    }

    /** A certificate that is valid now, for an hour. */
    public WorkloadCertificate workload(String namespace, String serviceAccount) {
        return svid(namespace, serviceAccount).issue();
    }

    /** A certificate to be issued, for those who need more than {@link #workload}. */
    public Svid svid(String namespace, String serviceAccount) {
        return new Svid(id(namespace, serviceAccount));
    }

    /** A source that holds {@code certificates} by their SPIFFE ids. */
    public static Source source(WorkloadCertificate... certificates) {
        return new Source(Clock.systemUTC(), Arrays.asList(certificates));
    }

    /** The same with a clock of the test's. */
    public static Source source(Clock clock, WorkloadCertificate... certificates) {
        return new Source(clock, Arrays.asList(certificates));
    }

    /** The workload that a {@link Source} answers for with {@code certificate}. */
    public static WorkloadIdentity identityOf(WorkloadCertificate certificate) {
        return new WorkloadIdentity("test-" + certificate.id(), certificate.id());
    }

    /** Writes what programs such as openssl and curl want: the chain, the key, and the roots of the certificate's own domain. */
    public static PemFiles writePem(WorkloadCertificate certificate, Path directory) throws IOException {
        String name = certificate.serial();
        TrustBundle own = certificate.bundles().of(certificate.id().trustDomain());
        if (own == null) {
            throw new IllegalArgumentException("certificate: " + certificate + " (expected: with its own bundle)");
        }
        return new PemFiles(
                Files.writeString(directory.resolve(name + ".crt"), pem(certificate.chain())),
                Files.writeString(
                        directory.resolve(name + ".key"),
                        pem("PRIVATE KEY", certificate.privateKey().getEncoded())),
                Files.writeString(directory.resolve(name + ".ca"), pem(own.authorities())));
    }

    /** {@code certificates} one after the other. */
    public static String pem(Collection<X509Certificate> certificates) {
        StringBuilder out = new StringBuilder();
        for (X509Certificate certificate : certificates) {
            try {
                out.append(pem("CERTIFICATE", certificate.getEncoded()));
            } catch (CertificateEncodingException e) {
                throw new IllegalArgumentException(e);
            }
        }
        return out.toString();
    }

    private static String pem(String what, byte[] der) {
        String text = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                .encodeToString(der);
        return "-----BEGIN " + what + "-----\n" + text + "\n-----END " + what + "-----\n";
    }

    private static CertificateBuilder caBuilder(String trustDomain) throws Exception {
        Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        return new CertificateBuilder()
                .ecp256()
                .subject("CN=ca-" + Long.toHexString(System.nanoTime()) + ",O=" + trustDomain)
                .addSanUriName("spiffe://" + trustDomain)
                .setIsCertificateAuthority(true)
                .setKeyUsage(true, KeyUsage.keyCertSign, KeyUsage.cRLSign)
                .notBefore(now.minus(BACKDATE))
                .notAfter(now.plus(CA_LIFETIME));
    }

    private static X509Bundle build(Building building) {
        try {
            return building.build();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private interface Building {
        X509Bundle build() throws Exception;
    }

    /** Where {@link #writePem} wrote. */
    public record PemFiles(Path chain, Path key, Path roots) {}

    /** A certificate before it is issued. For one thread. */
    public final class Svid {
        private final SpiffeId id;
        private Instant notBefore =
                Instant.now().truncatedTo(ChronoUnit.SECONDS).minus(BACKDATE);
        private Instant notAfter = notBefore.plus(BACKDATE).plus(LIFETIME);
        private TrustBundles bundles = TestPki.this.bundles();
        private UnaryOperator<CertificateBuilder> change = builder -> builder;

        private Svid(SpiffeId id) {
            this.id = id;
        }

        /** From now on for that long. Times in certificates are whole seconds. */
        public Svid lifetime(Duration lifetime) {
            return valid(notBefore, notBefore.plus(BACKDATE).plus(lifetime));
        }

        /** Both ends inclusive. */
        public Svid valid(Instant notBefore, Instant notAfter) {
            this.notBefore = notBefore;
            this.notAfter = notAfter;
            return this;
        }

        /** By which its holder judges others, instead of what the CA says. */
        public Svid bundles(TrustBundles bundles) {
            this.bundles = bundles;
            return this;
        }

        /** An RSA key instead of an ECDSA one. */
        public Svid rsa() {
            return change(CertificateBuilder::rsa2048);
        }

        /** Changes the certificate before it is signed. */
        public Svid change(UnaryOperator<CertificateBuilder> change) {
            UnaryOperator<CertificateBuilder> before = this.change;
            this.change = builder -> change.apply(before.apply(builder));
            return this;
        }

        /** A certificate as a workload holds it; it must be one that {@link WorkloadCertificate#of} accepts. */
        public WorkloadCertificate issue() {
            X509Bundle bundle = issueRaw();
            return WorkloadCertificate.of(
                    bundle.getCertificatePathList(), bundle.getKeyPair().getPrivate(), bundles);
        }

        /** The same without checks. */
        public X509Bundle issueRaw() {
            return build(() -> change.apply(new CertificateBuilder()
                            .ecp256()
                            .subject("O=" + trustDomain)
                            .addSanUriName(id.toString())
                            .setKeyUsage(true, KeyUsage.digitalSignature, KeyUsage.keyEncipherment)
                            .addExtendedKeyUsageServerAuth()
                            .addExtendedKeyUsageClientAuth()
                            .notBefore(notBefore)
                            .notAfter(notAfter))
                    .buildIssuedBy(signer));
        }
    }

    /** Holds one certificate for each SPIFFE id; a workload's uid makes no difference. Listeners are called by who rotates. */
    public static final class Source implements IdentitySource {
        private final Clock clock;
        private final Map<SpiffeId, WorkloadCertificate> byId = new ConcurrentHashMap<>();
        private final Map<SpiffeId, Collection<Listener>> listeners = new ConcurrentHashMap<>();

        private Source(Clock clock, List<WorkloadCertificate> certificates) {
            this.clock = clock;
            for (WorkloadCertificate certificate : certificates) {
                byId.put(certificate.id(), certificate);
            }
        }

        /** Replaces the certificate of that SPIFFE id, then tells the listeners. */
        public void rotate(WorkloadCertificate replacement) {
            byId.put(replacement.id(), replacement);
            for (Listener listener : listenersOf(replacement.id())) {
                listener.onRotated(replacement);
            }
        }

        /** A refresh failed. */
        public void fail(SpiffeId id, TunnelException error) {
            for (Listener listener : listenersOf(id)) {
                listener.onError(error);
            }
        }

        @Override
        public CompletionStage<WorkloadCertificate> certificate(WorkloadIdentity workload) {
            WorkloadCertificate certificate = current(workload);
            if (certificate == null) {
                return CompletableFuture.failedFuture(new TunnelException(
                        TunnelError.CERTIFICATE_UNAVAILABLE, "no valid certificate for " + workload));
            }
            return CompletableFuture.completedFuture(certificate);
        }

        @Override
        public @Nullable WorkloadCertificate current(WorkloadIdentity workload) {
            WorkloadCertificate certificate = byId.get(workload.spiffeId());
            return certificate != null && certificate.isValidAt(clock.instant()) ? certificate : null;
        }

        @Override
        public Subscription subscribe(WorkloadIdentity workload, Listener listener) {
            Collection<Listener> all = listenersOf(workload.spiffeId());
            all.add(listener);
            return () -> all.remove(listener);
        }

        @Override
        public void forget(WorkloadIdentity workload) {
            byId.remove(workload.spiffeId());
        }

        @Override
        public void close() {
            byId.clear();
            listeners.clear();
        }

        private Collection<Listener> listenersOf(SpiffeId id) {
            return listeners.computeIfAbsent(id, key -> new CopyOnWriteArrayList<>());
        }
    }
}
