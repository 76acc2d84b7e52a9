package io.hbone.identity.internal;

import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.IdentityStatus;
import io.hbone.identity.ManagedIdentitySource;
import io.hbone.identity.SourceContext;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one certificate for each workload and judges what its feed brings: the last good one stays through failures, none is
 * handed out that is not valid now, and none that is another's. How certificates are obtained is the feed's matter alone.
 *
 * <p>Reading takes no lock. Everything else happens on the actor, except that a forgotten workload is gone at once.
 */
public final class HeldCertificates implements ManagedIdentitySource {
    private final Map<WorkloadIdentity, HeldCertificate> held = new ConcurrentHashMap<>();
    private final Subscriptions subscriptions = new Subscriptions();
    private final Clock clock;
    private final Actor actor;
    private final Witness witness;
    private final CertificateFeed feed;
    private volatile boolean closed;

    /**
     * @param name what the source is, for operators
     * @param feed makes what brings the certificates, which is closed with this
     */
    public HeldCertificates(String name, SourceContext context, BiFunction<Actor, Witness, CertificateFeed> feed) {
        this.clock = context.clock();
        this.actor = new Actor(context.executor());
        this.witness = new Witness(name, context.observer());
        this.feed = feed.apply(actor, witness);
    }

    @Override
    public String name() {
        return witness.source();
    }

    @Override
    public CompletionStage<WorkloadCertificate> certificate(WorkloadIdentity workload) {
        WorkloadCertificate current = current(workload);
        if (current != null) {
            return CompletableFuture.completedStage(current);
        }
        if (closed) {
            return CompletableFuture.failedStage(shutDown(workload));
        }
        HeldCertificate entry = entry(workload);
        CompletableFuture<WorkloadCertificate> promise = new CompletableFuture<>();
        if (!actor.execute(() -> entry.request(promise))) {
            promise.completeExceptionally(shutDown(workload));
        }
        // Minimal: one who waits must not be able to complete it.
        return promise.minimalCompletionStage();
    }

    @Override
    public @Nullable WorkloadCertificate current(WorkloadIdentity workload) {
        HeldCertificate entry = held.get(workload);
        return entry == null ? null : entry.current();
    }

    @Override
    public void prefetch(WorkloadIdentity workload) {
        if (closed || held.containsKey(workload)) {
            return;
        }
        HeldCertificate entry = entry(workload);
        actor.execute(entry::prefetch);
    }

    @Override
    public Subscription subscribe(WorkloadIdentity workload, Listener listener) {
        return subscriptions.add(workload, listener);
    }

    @Override
    public void forget(WorkloadIdentity workload) {
        HeldCertificate entry = held.remove(workload);
        if (entry != null) {
            entry.drop();
            actor.execute(entry::close);
        }
        subscriptions.forget(workload);
    }

    @Override
    public List<IdentityStatus> identities() {
        return held.values().stream().map(HeldCertificate::status).toList();
    }

    @Override
    public void close() {
        closed = true;
        held.keySet().forEach(this::forget);
        subscriptions.clear();
        if (!actor.execute(feed::close)) {
            // Nothing of the actor's runs any more, so nobody else is in there.
            feed.close();
        }
    }

    private HeldCertificate entry(WorkloadIdentity workload) {
        HeldCertificate entry = held.computeIfAbsent(
                workload, key -> new HeldCertificate(key, clock, actor, witness, subscriptions, feed));
        if (closed) {
            forget(workload);
        }
        return entry;
    }

    private static TunnelException shutDown(WorkloadIdentity workload) {
        return Errors.of(workload, "the identity source is closed", null);
    }
}
