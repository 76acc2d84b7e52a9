package io.hbone.identity.internal;

import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** Lets only so many at a time in, the most urgent first, and the first come first among equals. Lives on an actor. */
public final class Admission {
    private final int slots;
    private final Map<FetchPriority, Set<Ticket>> queues = new EnumMap<>(FetchPriority.class);
    private int taken;
    private boolean letting;

    public Admission(int slots) {
        if (slots < 1) {
            throw new IllegalArgumentException("slots: " + slots + " (expected: >= 1)");
        }
        this.slots = slots;
        for (FetchPriority priority : FetchPriority.values()) {
            queues.put(priority, new LinkedHashSet<>());
        }
    }

    /** Who waits. */
    public interface Ticket {
        /** It is this one's turn: it takes a slot until {@link Admission#release}. */
        void admitted();
    }

    /** Queues {@code ticket}; one that waits already moves up when {@code priority} is more urgent, and never down. */
    public void enqueue(Ticket ticket, FetchPriority priority) {
        for (FetchPriority waiting : FetchPriority.values()) {
            if (queue(waiting).contains(ticket)) {
                if (waiting.compareTo(priority) <= 0) {
                    return;
                }
                queue(waiting).remove(ticket);
            }
        }
        queue(priority).add(ticket);
        letIn();
    }

    /** Takes {@code ticket} out of the queue, if it is there. */
    public void cancel(Ticket ticket) {
        queues.values().forEach(queue -> queue.remove(ticket));
    }

    /** Gives one slot back. */
    public void release() {
        taken--;
        letIn();
    }

    private void letIn() {
        if (letting) {
            return;
        }
        letting = true;
        try {
            for (FetchPriority priority : FetchPriority.values()) {
                Set<Ticket> queue = queue(priority);
                while (taken < slots && !queue.isEmpty()) {
                    Ticket next = queue.iterator().next();
                    queue.remove(next);
                    taken++;
                    next.admitted();
                }
            }
        } finally {
            letting = false;
        }
    }

    private Set<Ticket> queue(FetchPriority priority) {
        Set<Ticket> queue = queues.get(priority);
        if (queue == null) {
            throw new IllegalArgumentException("priority: " + priority);
        }
        return queue;
    }
}
