package io.hbone.node.demo;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** What must be undone, the last first. Safe for use by any thread; each thing is undone once. */
final class Cleanup {
    /** Undoes something. */
    interface Step {
        void run() throws Exception;
    }

    private final Object running = new Object();
    private final Deque<Step> steps = new ArrayDeque<>();
    private boolean over;

    /**
     * From now on {@code step} is to be undone.
     *
     * @throws CancellationException when everything was undone meanwhile, and now this, too: somebody has pressed Ctrl-C
     */
    void add(Step step) {
        synchronized (steps) {
            if (!over) {
                steps.push(step);
                return;
            }
        }
        undo(step);
        throw new CancellationException("interrupted");
    }

    /** Whether it has begun. */
    boolean isOver() {
        synchronized (steps) {
            return over;
        }
    }

    /** Undoes everything, also after one step has failed. Whoever comes second waits: for a shutdown hook to return is to die. */
    void run() {
        synchronized (running) {
            for (Step step = next(); step != null; step = next()) {
                undo(step);
            }
        }
    }

    private @Nullable Step next() {
        synchronized (steps) {
            over = true;
            return steps.poll();
        }
    }

    private static void undo(Step step) {
        try {
            step.run();
        } catch (Exception e) {
            System.err.println("hbone demo: not cleaned up: " + e.getMessage());
        }
    }
}
