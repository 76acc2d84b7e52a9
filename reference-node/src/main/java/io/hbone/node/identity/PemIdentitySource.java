package io.hbone.node.identity;

import io.hbone.core.IdentitySource;
import io.hbone.core.SpiffeId;
import io.hbone.core.TrustBundle;
import io.hbone.core.TrustBundles;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificate of one workload from PEM files that somebody else renews: cert-manager, spiffe-helper, a mounted Secret.
 *
 * <p>The files are looked at every few seconds, which sees every way of replacing them (rewritten in place, renamed over,
 * behind a link that moves) on every file system. A set of files that does not fit together, because it is half written or
 * half replaced, or that is not valid now, is not taken: the last good one stays in use, the reason is reported once, and the
 * files are tried again until they can be taken.
 *
 * <p>Roots are those of the certificate's own trust domain. Listeners are called on the executor, which the source does not
 * shut down.
 */
public final class PemIdentitySource implements IdentitySource {
    private static final Logger log = LoggerFactory.getLogger(PemIdentitySource.class);

    private final Path chain;
    private final Path key;
    private final Path roots;
    private final Clock clock;
    private final Future<?> watch;
    private final Subscriptions subscriptions = new Subscriptions();

    /** The last set of files that fitted. */
    private volatile @Nullable WorkloadCertificate latest;

    /** Why the files of now are not taken; null when they are. */
    private volatile @Nullable String problem;

    /** What the files looked like when they were last taken; only {@link #look} uses it, one call at a time. */
    private @Nullable List<Object> seen;

    /**
     * Reads the files, and goes on looking at them. That they are not there or do not fit is not an error yet: see {@link
     * #problem}.
     *
     * @param chain the leaf first, then intermediates
     * @param key of the leaf
     * @param roots by which peers are verified
     * @param interval how often the files are looked at
     */
    public PemIdentitySource(
            Path chain, Path key, Path roots, Duration interval, Clock clock, ScheduledExecutorService executor) {
        this.chain = chain;
        this.key = key;
        this.roots = roots;
        this.clock = clock;
        look();
        this.watch = executor.scheduleWithFixedDelay(
                this::look, interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** What is wrong with the files as they are now; null when nothing is. */
    public @Nullable String problem() {
        return problem;
    }

    /** Whose certificate the files held when they last fitted; null when they never did. */
    public @Nullable SpiffeId id() {
        WorkloadCertificate certificate = latest;
        return certificate == null ? null : certificate.id();
    }

    @Override
    public CompletionStage<WorkloadCertificate> certificate(WorkloadIdentity workload) {
        WorkloadCertificate certificate = current(workload);
        return certificate == null
                ? CompletableFuture.failedStage(unavailable(workload))
                : CompletableFuture.completedStage(certificate);
    }

    @Override
    public @Nullable WorkloadCertificate current(WorkloadIdentity workload) {
        WorkloadCertificate certificate = latest;
        boolean usable = certificate != null
                && certificate.id().equals(workload.spiffeId())
                && certificate.isValidAt(clock.instant());
        return usable ? certificate : null;
    }

    @Override
    public Subscription subscribe(WorkloadIdentity workload, Listener listener) {
        return subscriptions.add(workload, listener);
    }

    /** Ends the subscriptions; the files stay, as they are not ours. */
    @Override
    public void forget(WorkloadIdentity workload) {
        subscriptions.forget(workload);
    }

    @Override
    public void close() {
        watch.cancel(false);
        subscriptions.clear();
        latest = null;
        problem = "the node is shutting down";
    }

    private TunnelException unavailable(WorkloadIdentity workload) {
        WorkloadCertificate certificate = latest;
        String why;
        if (certificate == null) {
            why = String.valueOf(problem);
        } else if (!certificate.id().equals(workload.spiffeId())) {
            why = chain + " is of " + certificate.id();
        } else {
            why = problem == null ? chain + " ended " + certificate.notAfter() : String.valueOf(problem);
        }
        return new TunnelException(TunnelError.CERTIFICATE_UNAVAILABLE, "identity error: " + workload + ": " + why);
    }

    /** Takes the files if they changed and fit. Must not throw: the executor would not call again. */
    private synchronized void look() {
        WorkloadCertificate before = latest;
        String trouble;
        try {
            List<Object> found = List.of(fingerprint(chain), fingerprint(key), fingerprint(roots));
            if (problem == null && found.equals(seen)) {
                return;
            }
            // Taken before the contents are: what changes in between differs from it the next time.
            WorkloadCertificate read = read();
            if (!read.isValidAt(clock.instant())) {
                throw new GeneralSecurityException(
                        chain + ": valid from " + read.notBefore() + " to " + read.notAfter());
            }
            seen = found;
            problem = null;
            if (read.equals(before)) {
                return;
            }
            latest = read;
            log.info("certificate loaded: {}", read);
            if (before != null) {
                subscriptions.rotated(read);
            }
            return;
        } catch (NoSuchFileException e) {
            trouble = e.getFile() + ": no such file";
        } catch (IOException e) {
            trouble = e.toString();
        } catch (GeneralSecurityException | RuntimeException e) {
            trouble = String.valueOf(e.getMessage());
        }
        if (!Objects.equals(trouble, problem)) {
            problem = trouble;
            log.warn("certificate not loaded{}: {}", before == null ? "" : ", the last one stays in use", trouble);
            subscriptions.failed(
                    new TunnelException(TunnelError.CERTIFICATE_UNAVAILABLE, "identity error: " + trouble));
        }
    }

    private WorkloadCertificate read() throws IOException, GeneralSecurityException {
        List<X509Certificate> certificates = parse(chain, () -> Pem.certificates(text(chain)));
        SpiffeId id = parse(chain, () -> SpiffeId.of(certificates.get(0)));
        List<X509Certificate> authorities = parse(roots, () -> Pem.certificates(text(roots)));
        TrustBundles bundles = TrustBundles.of(new TrustBundle(id.trustDomain(), new ArrayList<>(authorities)));
        return parse(
                key,
                () -> WorkloadCertificate.of(
                        certificates,
                        Pem.privateKey(text(key), certificates.get(0).getPublicKey()),
                        bundles));
    }

    private static String text(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.ISO_8859_1);
    }

    /** Says which file it was. */
    private static <T> T parse(Path file, Parser<T> parser) throws IOException, GeneralSecurityException {
        try {
            return parser.parse();
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new GeneralSecurityException(file + ": " + e.getMessage(), e);
        }
    }

    /** Whatever changes when the file does. */
    private static List<Object> fingerprint(Path file) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        return List.of(attributes.lastModifiedTime(), attributes.size(), String.valueOf(attributes.fileKey()));
    }

    private interface Parser<T> {
        T parse() throws IOException, GeneralSecurityException;
    }
}
