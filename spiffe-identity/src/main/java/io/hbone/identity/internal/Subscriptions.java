package io.hbone.identity.internal;

import io.hbone.core.IdentitySource.Listener;
import io.hbone.core.IdentitySource.Subscription;
import io.hbone.core.SpiffeId;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who wants to hear of which workload's certificates. Safe for use by any thread. */
public final class Subscriptions {
    private static final Logger log = LoggerFactory.getLogger(Subscriptions.class);

    private final Map<WorkloadIdentity, CopyOnWriteArrayList<Listener>> listeners = new ConcurrentHashMap<>();

    public Subscription add(WorkloadIdentity workload, Listener listener) {
        // A wrapper, so that a listener that subscribes twice and closes one of both keeps the other.
        Listener own = new Listener() {
            @Override
            public void onRotated(WorkloadCertificate replacement) {
                listener.onRotated(replacement);
            }

            @Override
            public void onError(TunnelException error) {
                listener.onError(error);
            }
        };
        listeners.compute(workload, (key, held) -> {
            CopyOnWriteArrayList<Listener> all = held == null ? new CopyOnWriteArrayList<>() : held;
            all.add(own);
            return all;
        });
        return () -> listeners.computeIfPresent(workload, (key, held) -> {
            held.remove(own);
            return held.isEmpty() ? null : held;
        });
    }

    public void rotated(WorkloadIdentity workload, WorkloadCertificate replacement) {
        tell(workload, listener -> listener.onRotated(replacement));
    }

    /** Tells those whose workload has the identity of {@code replacement}. */
    public void rotated(WorkloadCertificate replacement) {
        for (WorkloadIdentity workload : listeners.keySet()) {
            if (workload.spiffeId().equals(replacement.id())) {
                rotated(workload, replacement);
            }
        }
    }

    public void failed(WorkloadIdentity workload, TunnelException error) {
        tell(workload, listener -> listener.onError(error));
    }

    public void failed(TunnelException error) {
        for (WorkloadIdentity workload : listeners.keySet()) {
            failed(workload, error);
        }
    }

    /** Tells those whose workload has the identity {@code id}. */
    public void failed(SpiffeId id, TunnelException error) {
        for (WorkloadIdentity workload : listeners.keySet()) {
            if (workload.spiffeId().equals(id)) {
                failed(workload, error);
            }
        }
    }

    public void forget(WorkloadIdentity workload) {
        listeners.remove(workload);
    }

    public void clear() {
        listeners.clear();
    }

    private void tell(WorkloadIdentity workload, Consumer<Listener> event) {
        CopyOnWriteArrayList<Listener> all = listeners.get(workload);
        if (all == null) {
            return;
        }
        for (Listener listener : all) {
            try {
                event.accept(listener);
            } catch (RuntimeException e) {
                // One listener's defect must not keep the others on an old certificate.
                log.error("a listener failed for {}", workload, e);
            }
        }
    }
}
