package io.hbone.identity.spire;

import com.google.protobuf.ByteString;
import io.hbone.core.TrustBundle;
import io.hbone.core.TrustBundles;
import io.hbone.core.TrustDomain;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.internal.CertificateFeed;
import io.hbone.identity.internal.Errors;
import io.hbone.identity.internal.FetchPriority;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What becomes of an agent's messages for one workload: its SVID is found, joined with the bundles and offered. */
final class StreamedCertificate implements CertificateFeed.Supply {
    private final WorkloadIdentity workload;
    private final CertificateFeed.Sink sink;
    private final StreamFeed.SubjectStream stream;
    private final StreamFeed feed;

    /** What was read last, and what from: most messages repeat it. */
    private @Nullable Svid svid;

    private @Nullable WorkloadCertificate read;

    /** Runs while there is no SVID of ours: before the first one, or after one was left out. */
    private @Nullable Future<?> patience;

    private @Nullable String lastProblem;
    private boolean closed;

    StreamedCertificate(
            WorkloadIdentity workload, CertificateFeed.Sink sink, StreamFeed.SubjectStream stream, StreamFeed feed) {
        this.workload = workload;
        this.sink = sink;
        this.stream = stream;
        this.feed = feed;
    }

    @Override
    public boolean request(FetchPriority priority) {
        stream.hurry();
        return stream.isOpening() || patience != null || (feed.awaitsBundles() && stream.last() != null);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            stopPatience();
            stream.remove(this);
        }
    }

    /** The stream ended. */
    void failed(AgentFailure failure) {
        stopPatience();
        sink.failed(Errors.of(workload, failure.message(), failure.cause()));
    }

    /** Looks at what the agent said last, with the bundles that are there now. */
    void evaluate() {
        SvidUpdate update = stream.last();
        if (closed || update == null) {
            return;
        }
        List<Svid> mine = update.svids().stream()
                .filter(offered -> offered.spiffeId().equals(workload.spiffeId().toString()))
                .toList();
        if (mine.isEmpty()) {
            missing(update);
            return;
        }
        stopPatience();
        TrustBundles bundles = bundles(update, mine.get(0));
        if (bundles == null) {
            AgentFailure failure = feed.bundleFailure();
            if (failure != null) {
                sink.failed(Errors.of(workload, "no trust bundles: " + failure.message(), failure.cause()));
            } else if (!feed.awaitsBundles()) {
                refuse("the agent gave no trust bundle of "
                        + workload.spiffeId().trustDomain() + " (expected: one for the SVID's own trust domain)");
            }
            return;
        }
        offer(mine, bundles);
    }

    private void offer(List<Svid> mine, TrustBundles bundles) {
        List<String> problems = new ArrayList<>();
        // Several entries can give the same id; the first that is of use is taken, in the agent's order, which is
        // stable.
        for (Svid candidate : mine) {
            try {
                WorkloadCertificate certificate = read;
                if (certificate == null || !candidate.equals(svid)) {
                    certificate = candidate.toCertificate(bundles);
                } else if (!certificate.bundles().equals(bundles)) {
                    certificate = certificate.withBundles(bundles);
                }
                svid = candidate;
                read = certificate;
                TunnelException refusal = sink.offer(certificate);
                lastProblem = refusal == null ? null : refusal.getMessage();
                return;
            } catch (GeneralSecurityException | IllegalArgumentException e) {
                problems.add(e.getMessage());
            }
        }
        refuse("the SVID that the agent gave cannot be used: " + String.join("; ", problems));
    }

    private void missing(SvidUpdate update) {
        String problem = update.svids().isEmpty()
                ? "the agent has no SVID for " + feed.describe(stream.subject())
                        + " (expected: a registration entry of " + workload.spiffeId()
                        + " that matches it, whose parent is this agent)"
                : "the agent gave "
                        + update.svids().stream()
                                .map(Svid::spiffeId)
                                .distinct()
                                .map(Quoted::text)
                                .collect(Collectors.joining(", "))
                        + " for " + feed.describe(stream.subject()) + " (expected: " + workload.spiffeId()
                        + "): look at the registration entries";
        if (sink.current() != null) {
            if (patience == null) {
                patience =
                        feed.actor().schedule(() -> left(problem), feed.times().shrinkGrace());
            }
        } else if (update.svids().isEmpty() && lastProblem == null && patience == null) {
            // A new entry takes its time to get to the agent; those who wait for it are not sent away at once.
            patience = feed.actor().schedule(() -> absent(problem), feed.times().firstMessage());
        } else if (!update.svids().isEmpty()) {
            stopPatience();
            refuse(problem);
        } else if (patience == null) {
            absent(problem);
        }
    }

    /** It was there, was left out, and did not come back. */
    private void left(String problem) {
        patience = null;
        svid = null;
        read = null;
        lastProblem = problem;
        sink.withdrawn(Errors.of(workload, problem, null));
    }

    /** It never was there. */
    private void absent(String problem) {
        patience = null;
        lastProblem = problem;
        sink.failed(Errors.of(workload, problem, null));
    }

    private void refuse(String problem) {
        lastProblem = problem;
        sink.refused(Errors.of(workload, problem, null));
    }

    private @Nullable TrustBundles bundles(SvidUpdate update, Svid svid) {
        TrustDomain own = workload.spiffeId().trustDomain();
        Map<String, ByteString> federated = update.federatedBundles();
        if (federated == null) {
            return Bundles.select(feed.bundles(), own, domains(update.federatesWith()));
        }
        Map<String, ByteString> all = new HashMap<>(federated);
        all.put(own.name(), svid.bundle());
        Map<TrustDomain, TrustBundle> before = new HashMap<>();
        WorkloadCertificate last = read;
        if (last != null) {
            last.bundles().all().forEach(bundle -> before.put(bundle.trustDomain(), bundle));
        }
        Map<TrustDomain, TrustBundle> understood = Bundles.read(
                all,
                before,
                (name, e) -> refuse("trust bundle of " + Quoted.text(name) + " cannot be read: " + e.getMessage()));
        return Bundles.select(understood, own, understood.keySet());
    }

    private static List<TrustDomain> domains(List<String> names) {
        List<TrustDomain> domains = new ArrayList<>();
        for (String name : names) {
            try {
                domains.add(Bundles.trustDomain(name));
            } catch (IllegalArgumentException e) {
                // No trust domain has such a name, so there is no bundle to believe either.
            }
        }
        return domains;
    }

    private void stopPatience() {
        Future<?> running = patience;
        if (running != null) {
            running.cancel(false);
            patience = null;
        }
    }
}
