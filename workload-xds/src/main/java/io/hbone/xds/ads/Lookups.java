package io.hbone.xds.ads;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/**
 * The names of one type that somebody asked for: who waits for them, which are subscribed, which are known not to exist. The
 * client's thread.
 */
final class Lookups {
    private final Map<String, Waiting> waiting = new HashMap<>();
    private final Set<String> subscribed = new LinkedHashSet<>();
    private final Set<String> absent = new LinkedHashSet<>();
    private final int maxAbsent;

    Lookups(int maxAbsent) {
        this.maxAbsent = maxAbsent;
    }

    /** Those who wait for one name, and what ends their patience. */
    private record Waiting(List<CompletableFuture<Lookup>> callers, Future<?> deadline) {}

    boolean isWaitedFor(String name) {
        return waiting.containsKey(name);
    }

    boolean isAbsent(String name) {
        return absent.contains(name);
    }

    int pending() {
        return waiting.size();
    }

    Set<String> subscribed() {
        return subscribed;
    }

    /** Lets another caller wait. */
    void join(String name, CompletableFuture<Lookup> caller) {
        Waiting there = waiting.get(name);
        if (there != null) {
            there.callers.add(caller);
        }
    }

    /** Begins to wait. @return whether the name must be subscribed */
    boolean begin(String name, CompletableFuture<Lookup> caller, Future<?> deadline) {
        waiting.put(name, new Waiting(new ArrayList<>(List.of(caller)), deadline));
        return subscribed.add(name);
    }

    void found(String name) {
        absent.remove(name);
        end(name, Lookup.FOUND);
    }

    /** @return names that are forgotten for it, to be unsubscribed */
    List<String> absent(String name) {
        end(name, Lookup.ABSENT);
        if (!subscribed.contains(name)) {
            return List.of();
        }
        absent.add(name);
        List<String> forgotten = new ArrayList<>();
        for (Iterator<String> oldest = absent.iterator(); absent.size() > maxAbsent && oldest.hasNext(); ) {
            String forgotOne = oldest.next();
            oldest.remove();
            subscribed.remove(forgotOne);
            forgotten.add(forgotOne);
        }
        return forgotten;
    }

    /** Nobody answered. @return whether the name, which is not known, must be unsubscribed */
    boolean timedOut(String name) {
        end(name, Lookup.TIMED_OUT);
        return subscribed.remove(name);
    }

    void endAll() {
        List.copyOf(waiting.keySet()).forEach(name -> end(name, Lookup.TIMED_OUT));
    }

    private void end(String name, Lookup how) {
        Waiting ended = waiting.remove(name);
        if (ended != null) {
            ended.deadline.cancel(false);
            ended.callers.forEach(caller -> caller.complete(how));
        }
    }
}
