package io.hbone.identity.spire;

import com.google.protobuf.ByteString;
import io.hbone.core.TrustBundle;
import io.hbone.core.TrustDomain;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.SourceContext;
import io.hbone.identity.internal.Actor;
import io.hbone.identity.internal.Admission;
import io.hbone.identity.internal.CertificateFeed;
import io.hbone.identity.internal.Errors;
import io.hbone.identity.internal.FetchPriority;
import io.hbone.identity.internal.Witness;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Certificates that an agent pushes: one stream for each subject, shared by the workloads that it is asked for on behalf of, and
 * when the SVIDs do not bring them one stream of trust bundles for all. Lives on the actor.
 */
final class StreamFeed implements CertificateFeed {
    private static final Logger log = LoggerFactory.getLogger(StreamFeed.class);

    /** So many first messages are waited for at a time: an agent that lost its server answers none. */
    private static final int OPENING = 32;

    private static final double REOPEN_JITTER = 0.2;

    private final SvidOpener svids;
    private final StreamTimes times;
    private final SourceContext context;
    private final Actor actor;
    private final Witness witness;
    private final Admission admission = new Admission(OPENING);
    private final Map<Object, SubjectStream> subjects = new HashMap<>();
    private final @Nullable AgentStream<Map<String, ByteString>> bundleStream;
    private Map<TrustDomain, TrustBundle> bundles = Map.of();
    private @Nullable AgentFailure bundleFailure;
    private boolean bundlesStarted;
    private @Nullable Future<?> reopening;

    /** @param bundles opens the stream of all trust bundles; null when they come with the SVIDs */
    StreamFeed(
            SvidOpener svids,
            AgentCall.@Nullable Opener<Map<String, ByteString>> bundles,
            StreamTimes times,
            SourceContext context,
            Actor actor,
            Witness witness) {
        this.svids = svids;
        this.times = times;
        this.context = context;
        this.actor = actor;
        this.witness = witness;
        // The bundles wait for nobody's turn: there is one stream of them, and everybody needs it.
        this.bundleStream = bundles == null ? null : stream(bundles, new BundleListener(), new Admission(2));
    }

    @Override
    public String name() {
        return witness.source();
    }

    @Override
    public Supply open(WorkloadIdentity workload, FetchPriority priority, Sink sink) {
        if (bundleStream != null && !bundlesStarted) {
            bundlesStarted = true;
            bundleStream.start(FetchPriority.REAL_TIME);
        }
        Object subject;
        try {
            subject = svids.subject(workload);
        } catch (IllegalArgumentException e) {
            sink.failed(Errors.of(workload, String.valueOf(e.getMessage()), e));
            return new Impossible();
        }
        SubjectStream stream = subjects.computeIfAbsent(subject, key -> new SubjectStream(workload, key));
        StreamedCertificate certificate = new StreamedCertificate(workload, sink, stream, this);
        witness.tell((observer, source) -> observer.onFetch(source, workload));
        stream.add(certificate, priority);
        return certificate;
    }

    @Override
    public void close() {
        List.copyOf(subjects.values()).forEach(SubjectStream::close);
        subjects.clear();
        Future<?> timer = reopening;
        if (timer != null) {
            timer.cancel(false);
        }
        if (bundleStream != null) {
            bundleStream.close();
        }
        svids.close();
    }

    /** What is known of all trust domains. */
    Map<TrustDomain, TrustBundle> bundles() {
        return bundles;
    }

    /** Whether bundles are still to come that never came. */
    boolean awaitsBundles() {
        return bundleStream != null && bundles.isEmpty() && bundleStream.isOpening();
    }

    /** Why there are no bundles; null when there are, or it is not known yet. */
    @Nullable AgentFailure bundleFailure() {
        return bundles.isEmpty() ? bundleFailure : null;
    }

    StreamTimes times() {
        return times;
    }

    Actor actor() {
        return actor;
    }

    String describe(Object subject) {
        return svids.describe(subject);
    }

    private <T> AgentStream<T> stream(
            AgentCall.Opener<T> opener, AgentStream.Listener<T> listener, Admission admission) {
        return new AgentStream<>(opener, listener, actor, context, admission, times.firstMessage());
    }

    private void scheduleReopening(AgentStream<?> stream) {
        double share = 1 + REOPEN_JITTER * (2 * context.random().nextDouble() - 1);
        Duration delay = Duration.ofMillis((long) (times.reopenBundles().toMillis() * share));
        reopening = actor.schedule(
                () -> {
                    stream.reopen();
                    scheduleReopening(stream);
                },
                delay);
    }

    /** For a workload that there is no way to ask for. */
    private static final class Impossible implements Supply {
        @Override
        public boolean request(FetchPriority priority) {
            return false;
        }

        @Override
        public void close() {}
    }

    /** One stream and those who share it. */
    final class SubjectStream implements AgentStream.Listener<SvidUpdate>, AutoCloseable {
        private final Object subject;
        private final AgentStream<SvidUpdate> stream;
        private final List<StreamedCertificate> certificates = new ArrayList<>();
        private @Nullable SvidUpdate last;

        SubjectStream(WorkloadIdentity workload, Object subject) {
            this.subject = subject;
            this.stream = stream(receiver -> svids.open(workload, subject, receiver), this, admission);
        }

        Object subject() {
            return subject;
        }

        /** What the agent said last, be the stream open or not; null when it never said anything. */
        @Nullable SvidUpdate last() {
            return last;
        }

        boolean isOpening() {
            return stream.isOpening();
        }

        void hurry() {
            if (stream.isOpening()) {
                stream.start(FetchPriority.REAL_TIME);
            }
        }

        void add(StreamedCertificate certificate, FetchPriority priority) {
            certificates.add(certificate);
            if (certificates.size() == 1) {
                stream.start(priority);
            } else {
                hurry();
                certificate.evaluate();
            }
        }

        void remove(StreamedCertificate certificate) {
            certificates.remove(certificate);
            if (certificates.isEmpty()) {
                subjects.remove(subject, this);
                close();
            }
        }

        @Override
        public void onMessage(SvidUpdate message) {
            last = message;
            evaluate();
        }

        @Override
        public void onFailure(AgentFailure failure) {
            for (StreamedCertificate certificate : List.copyOf(certificates)) {
                certificate.failed(failure);
            }
        }

        void evaluate() {
            for (StreamedCertificate certificate : List.copyOf(certificates)) {
                certificate.evaluate();
            }
        }

        @Override
        public void close() {
            stream.close();
        }
    }

    /** Swaps all bundles at once; empty ones are kept, as they say that nobody from there is believed. */
    private final class BundleListener implements AgentStream.Listener<Map<String, ByteString>> {
        private Map<String, ByteString> last = Map.of();

        @Override
        public void onMessage(Map<String, ByteString> message) {
            bundleFailure = null;
            if (reopening == null && bundleStream != null) {
                scheduleReopening(bundleStream);
            }
            if (message.equals(last)) {
                // Agents repeat themselves, and thousands of authorities take their time to read.
                return;
            }
            last = message;
            Map<TrustDomain, TrustBundle> read = Bundles.read(message, bundles, this::unreadable);
            if (read.equals(bundles)) {
                return;
            }
            log.debug("trust bundles: {}", read.values());
            bundles = read;
            List.copyOf(subjects.values()).forEach(SubjectStream::evaluate);
        }

        @Override
        public void onFailure(AgentFailure failure) {
            AgentFailure before = bundleFailure;
            bundleFailure = failure;
            // A long outage says so once and not once a retry.
            boolean again = before != null && before.message().equals(failure.message());
            report("trust bundles: " + failure.message(), failure.cause(), again);
            if (bundles.isEmpty()) {
                List.copyOf(subjects.values()).forEach(SubjectStream::evaluate);
            }
        }

        private void unreadable(String trustDomain, Exception e) {
            report("trust bundle of " + Quoted.text(trustDomain) + ": " + e.getMessage(), e, false);
        }

        private void report(String what, @Nullable Throwable cause, boolean again) {
            if (again) {
                log.debug("{}: again: {}", name(), what);
            } else {
                log.warn("{}: {}", name(), what);
            }
            witness.tell((observer, source) -> observer.onSourceFailure(source, Errors.of(what, cause)));
        }
    }
}
