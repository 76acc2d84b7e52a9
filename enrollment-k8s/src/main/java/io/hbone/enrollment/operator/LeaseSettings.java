package io.hbone.enrollment.operator;

import java.time.Duration;
import java.util.UUID;

/**
 * Who leads is who holds a Lease (API group {@code coordination.k8s.io}).
 *
 * @param namespace where it is
 * @param name what it is called
 * @param holder who this operator is; another one than all others
 * @param duration after which another may take it when it was not renewed; the times of the others follow from it
 */
public record LeaseSettings(String namespace, String name, String holder, Duration duration) {
    /** What the lease is called unless somebody says otherwise. */
    public static final String NAME = "hbone-operator";

    /** @throws IllegalArgumentException when it is shorter than a second, or a name is empty */
    public LeaseSettings {
        if (duration.compareTo(Duration.ofSeconds(1)) < 0) {
            throw new IllegalArgumentException("lease: " + duration + " (expected: a second or more)");
        }
        if (namespace.isEmpty() || name.isEmpty() || holder.isEmpty()) {
            throw new IllegalArgumentException("lease: \"" + namespace + "/" + name + "\" of \"" + holder
                    + "\" (expected: a namespace, a name and a holder)");
        }
    }

    /**
     * As other controllers have it: another leads 15 seconds after one has died.
     *
     * @param host part of the holder's name, for people
     */
    public static LeaseSettings in(String namespace, String host) {
        return new LeaseSettings(namespace, NAME, host + "_" + UUID.randomUUID(), Duration.ofSeconds(15));
    }

    /** Who could not renew it for so long leads no more: well before another may. */
    Duration renewDeadline() {
        return duration.multipliedBy(2).dividedBy(3);
    }

    /** The pause between two looks at it. */
    Duration retryPeriod() {
        return duration.dividedBy(7);
    }
}
