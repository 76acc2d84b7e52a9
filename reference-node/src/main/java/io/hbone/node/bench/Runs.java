package io.hbone.node.bench;

import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;

/** Measures one kind after the other against one server. On a thread that may wait. */
final class Runs {
    private final Dialler dialler;
    private final Plan plan;
    private final Meter meter;
    private final boolean cpu;

    /** @param processes whose processor time is measured, too */
    Runs(Dialler dialler, Plan plan, ScheduledExecutorService timer, Set<Long> processes) {
        this.dialler = dialler;
        this.plan = plan;
        this.meter = new Meter(timer, dialler.place()::now, processes);
        this.cpu = !processes.isEmpty();
    }

    /**
     * Measures.
     *
     * @throws BenchException when it could not begin, or nothing came through
     */
    Measurement measure(Kind kind) throws BenchException, InterruptedException {
        return switch (kind) {
            case SEND, RECEIVE -> new ThroughputRun(dialler, plan, meter, cpu).run(kind);
            case LATENCY, REQUESTS -> new RequestRun(dialler, plan, meter, cpu).run(kind);
            case CONNECTIONS -> new ConnectionRun(dialler, plan, meter, cpu).run();
        };
    }
}
