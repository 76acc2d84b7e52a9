package io.hbone.node.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Looks at a total at even intervals while a {@link Window} is open. Its executor is not an event loop: those may be busy. */
final class Meter {
    /** Shorter ones are more noise than news. */
    private static final long MIN_INTERVAL = TimeUnit.MILLISECONDS.toNanos(100);

    /** Longer runs look less often. */
    private static final int MAX_SAMPLES = 400;

    private final ScheduledExecutorService timer;
    private final LongSupplier clock;
    private final Set<Long> processes;

    /**
     * @param clock nanoseconds, as the windows mean them
     * @param processes whose processor time is watched, too
     */
    Meter(ScheduledExecutorService timer, LongSupplier clock, Set<Long> processes) {
        this.timer = timer;
        this.clock = clock;
        this.processes = Set.copyOf(processes);
    }

    /** @return completes soon after the window's end */
    CompletableFuture<Timeline> measure(LongSupplier total, Window window) {
        CompletableFuture<Timeline> measured = new CompletableFuture<>();
        long length = window.until() - window.from();
        long interval = Math.min(Math.max(MIN_INTERVAL, length / MAX_SAMPLES), length);
        List<Timeline.Sample> samples = new ArrayList<>();
        ScheduledFuture<?> looks = timer.scheduleAtFixedRate(
                () -> {
                    try {
                        long now = clock.getAsLong();
                        samples.add(new Timeline.Sample(now, total.getAsLong(), cpu()));
                        if (now - window.until() >= 0 && samples.size() > 1) {
                            measured.complete(new Timeline(samples));
                        }
                    } catch (RuntimeException e) {
                        measured.completeExceptionally(e);
                    }
                },
                Math.max(0, window.from() - clock.getAsLong()),
                interval,
                TimeUnit.NANOSECONDS);
        measured.whenComplete((timeline, failure) -> looks.cancel(false));
        return measured;
    }

    private long cpu() {
        long sum = 0;
        for (long pid : processes) {
            sum += ProcessHandle.of(pid)
                    .flatMap(process -> process.info().totalCpuDuration())
                    .map(time -> time.toNanos())
                    .orElse(0L);
        }
        return sum;
    }
}
