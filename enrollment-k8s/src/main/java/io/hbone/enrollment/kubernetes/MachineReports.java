package io.hbone.enrollment.kubernetes;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the API server how this machine stands, at the agent's own pod: nobody else needs to ask all machines. Trouble is told when it is
 * there at two looks; words alone are told seldom, so that a cluster of many machines does not write all the time.
 */
public final class MachineReports implements AutoCloseable {
    private static final Logger logger = LoggerFactory.getLogger(MachineReports.class);

    static final Duration LOOK = Duration.ofSeconds(10);
    static final Duration BETWEEN_TROUBLES = Duration.ofSeconds(30);
    static final Duration BETWEEN_WORDS = Duration.ofMinutes(5);

    private final Writer writer;
    private final Supplier<MachineStanding> machine;
    private final ScheduledExecutorService executor;
    private final Clock clock;

    // Of the executor's thread.
    private @Nullable MachineStanding told;
    private Instant toldAt = Instant.MIN;
    private Instant since = Instant.MIN;
    private boolean troubled;
    private @Nullable String refusal;

    /** Writes at the agent's pod how its machine stands. */
    interface Writer {
        /** @throws KubernetesClientException when it was refused, or not answered */
        void write(MachineStanding standing, Instant since);
    }

    /**
     * Begins to look after a while.
     *
     * @param client stays the caller's
     * @param namespace of the agent's pod
     * @param pod its name
     * @param machine how it stands now; may block
     * @param executor does one task at a time, and may be blocked by the API server; who owns it ends this by ending it
     */
    public static MachineReports start(
            KubernetesClient client,
            String namespace,
            String pod,
            Supplier<MachineStanding> machine,
            ScheduledExecutorService executor,
            Clock clock) {
        String path = "/api/v1/namespaces/" + namespace + "/pods/" + pod + "/status";
        return start(
                (standing, since) -> Patches.send(
                        client,
                        path,
                        PatchType.STRATEGIC_MERGE,
                        standing.patch(since.truncatedTo(ChronoUnit.SECONDS).toString())),
                machine,
                executor,
                clock);
    }

    static MachineReports start(
            Writer writer, Supplier<MachineStanding> machine, ScheduledExecutorService executor, Clock clock) {
        MachineReports reports = new MachineReports(writer, machine, executor, clock);
        reports.later();
        return reports;
    }

    private MachineReports(
            Writer writer, Supplier<MachineStanding> machine, ScheduledExecutorService executor, Clock clock) {
        this.writer = writer;
        this.machine = machine;
        this.executor = executor;
        this.clock = clock;
    }

    private void later() {
        try {
            executor.schedule(this::look, LOOK.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            logger.debug("the executor is shut down");
        }
    }

    private void look() {
        try {
            MachineStanding now = machine.get();
            boolean lasts = now.sound() || troubled;
            troubled = !now.sound();
            if (lasts && isDue(now)) {
                tell(now);
            }
        } catch (KubernetesClientException e) {
            String why = String.valueOf(e.getMessage());
            if (!why.equals(refusal)) {
                logger.warn("how this machine stands could not be told: {}", why);
            }
            refusal = why;
        } finally {
            later();
        }
    }

    private boolean isDue(MachineStanding now) {
        MachineStanding last = told;
        if (last == null || last.sound() != now.sound()) {
            return true;
        }
        Duration between = now.sound() ? BETWEEN_WORDS : BETWEEN_TROUBLES;
        return !last.equals(now) && !toldAt.plus(between).isAfter(clock.instant());
    }

    private void tell(MachineStanding now) {
        Instant time = clock.instant();
        Instant begun = told == null || told.sound() != now.sound() ? time : since;
        writer.write(now, begun);
        told = now;
        toldAt = time;
        since = begun;
        refusal = null;
    }

    /** Tells nothing more. What was told stays. */
    @Override
    public void close() {
        executor.shutdownNow();
    }
}
