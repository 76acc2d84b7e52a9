package io.hbone.enrollment;

import io.hbone.enrollment.EnrollmentStatus.State;
import io.hbone.enrollment.rules.HostProbes;
import io.hbone.enrollment.rules.RedirectException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps {@link HostProbes} as the workloads of the machine are: a probe goes past the node for as long as its workload is in the mesh,
 * on its way there, or kept from it by a failure. Nothing is written before it is known what was in the mesh when the agent started: what the
 * agent before has left stays until then. It is looked at again and again, and put right.
 */
public final class ProbeExemptions implements AgentObserver {
    private static final Logger logger = LoggerFactory.getLogger(ProbeExemptions.class);

    /** After a failure. */
    static final Duration RETRY = Duration.ofSeconds(5);

    private static final Set<State> OUTSIDE =
            Set.of(State.NOT_ENROLLED, State.WAITING_FOR_NETWORK, State.LEAVING, State.DRAINING);

    private final HostProbes probes;
    private final ScheduledExecutorService worker;
    private final Duration verify;
    private final Map<String, List<InetAddress>> exempt = new ConcurrentHashMap<>();
    private final AtomicBoolean queued = new AtomicBoolean();
    private volatile boolean live;

    // Of the worker.
    private @Nullable ScheduledFuture<?> later;
    private @Nullable String lastError;

    /**
     * @param worker one thread, which may be blocked; who owns it ends this by ending it, and leaves everything as it is
     * @param verify how often it is looked whether everything is still as it was left
     */
    public ProbeExemptions(HostProbes probes, ScheduledExecutorService worker, Duration verify) {
        this.probes = probes;
        this.worker = worker;
        this.verify = verify;
    }

    /** All workloads have been told of that were there when the agent started. Any thread. */
    public void seeded() {
        live = true;
        dirty();
    }

    @Override
    public void changed(EnrollmentStatus status) {
        LocalWorkload workload = status.workload();
        List<InetAddress> addresses = workload.workload().addresses();
        boolean same = OUTSIDE.contains(status.state())
                ? exempt.remove(workload.uid()) == null
                : addresses.equals(exempt.put(workload.uid(), addresses));
        if (!same) {
            dirty();
        }
    }

    @Override
    public void forgotten(LocalWorkload workload) {
        if (exempt.remove(workload.uid()) != null) {
            dirty();
        }
    }

    private void dirty() {
        if (live && queued.compareAndSet(false, true)) {
            try {
                worker.execute(this::apply);
            } catch (RejectedExecutionException e) {
                // The agent ends, and leaves everything as it is.
            }
        }
    }

    private void apply() {
        queued.set(false);
        if (later != null) {
            later.cancel(false);
        }
        Duration pause = verify;
        try {
            Set<InetAddress> wanted =
                    exempt.values().stream().flatMap(List::stream).collect(Collectors.toCollection(HashSet::new));
            probes.apply(wanted);
            lastError = null;
        } catch (RedirectException e) {
            pause = RETRY;
            String error = String.valueOf(e.getMessage());
            if (!error.equals(lastError)) {
                logger.warn("health probes of pods may be refused by policies or not be answered: {}", error);
            }
            lastError = error;
        }
        if (!worker.isShutdown()) {
            later = worker.schedule(this::apply, pause.toNanos(), TimeUnit.NANOSECONDS);
        }
    }
}
