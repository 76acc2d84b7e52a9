package io.hbone.node.agent;

import io.hbone.enrollment.AgentObserver;
import io.hbone.enrollment.ProbeExemptions;
import io.hbone.enrollment.rules.HostProbes;
import io.hbone.enrollment.rules.RedirectException;
import io.hbone.zds.NetworkNamespace;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The agent's way to health probes, on a thread of their own; without {@code --exempt-probes} it takes away what one with it left. */
final class AgentProbes implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(AgentProbes.class);

    private final NetworkNamespace machine;
    private final ScheduledExecutorService worker;
    private final @Nullable ProbeExemptions exemptions;

    private AgentProbes(
            NetworkNamespace machine, ScheduledExecutorService worker, @Nullable ProbeExemptions exemptions) {
        this.machine = machine;
        this.worker = worker;
        this.exemptions = exemptions;
    }

    /** @throws IOException when the network that this process is in cannot be opened */
    static AgentProbes open(boolean exempt, Duration verify) throws IOException {
        NetworkNamespace machine = NetworkNamespace.current();
        HostProbes probes = HostProbes.of(machine);
        ScheduledExecutorService worker = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "agent-probes");
            thread.setDaemon(true);
            return thread;
        });
        if (!exempt) {
            worker.execute(() -> removeLeftOver(probes));
            worker.shutdown(); // when it is done
        }
        return new AgentProbes(machine, worker, exempt ? new ProbeExemptions(probes, worker, verify) : null);
    }

    private static void removeLeftOver(HostProbes probes) {
        try {
            probes.apply(Set.of());
        } catch (RedirectException e) {
            log.debug("whether health probes are led past the node is not known: {}", e.getMessage());
        }
    }

    /** Hears of the workloads. */
    AgentObserver observer() {
        return exemptions == null ? new AgentObserver() {} : exemptions;
    }

    /** All workloads are known that were there when the agent started. */
    void seeded() {
        if (exemptions != null) {
            exemptions.seeded();
        }
    }

    /** Leaves the rules as they are. */
    @Override
    public void close() {
        worker.shutdownNow();
        machine.close();
    }
}
