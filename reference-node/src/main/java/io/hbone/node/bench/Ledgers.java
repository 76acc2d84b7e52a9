package io.hbone.node.bench;

import io.netty.channel.EventLoop;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;

/** A {@link Ledger} for each event loop of a place. */
final class Ledgers {
    private final Map<EventLoop, Ledger> ledgers = new LinkedHashMap<>();

    Ledgers(Place place) {
        place.loops().forEach(loop -> ledgers.put(loop, new Ledger()));
    }

    /** The one of a loop of the place. */
    Ledger of(EventLoop loop) {
        return Objects.requireNonNull(ledgers.get(loop));
    }

    /** What is done on all. Any thread. */
    long done() {
        long sum = 0;
        for (Ledger ledger : ledgers.values()) {
            sum += ledger.done();
        }
        return sum;
    }

    /** All together, each read on its loop: not to be called on one. */
    Ledger sum() throws InterruptedException {
        Ledger sum = new Ledger();
        for (Map.Entry<EventLoop, Ledger> one : ledgers.entrySet()) {
            try {
                one.getKey().submit(() -> sum.addAll(one.getValue())).get();
            } catch (ExecutionException e) {
                throw new IllegalStateException("a defect in hbone-java: " + e.getCause(), e);
            }
        }
        return sum;
    }
}
