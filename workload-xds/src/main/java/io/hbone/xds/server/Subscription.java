package io.hbone.xds.server;

import io.hbone.xds.NamedResource;
import io.hbone.xds.proto.discovery.DeltaDiscoveryRequest;
import io.hbone.xds.proto.discovery.DeltaDiscoveryResponse;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** One type on one stream: what the client wants, how far it is, and what comes next. The stream's thread. */
final class Subscription {
    private static final String EVERYTHING = "*";

    /** An answer that is continued by the next one says so to clients that care. */
    private static final String CONTINUED = ";more";

    private final String typeUrl;
    private final ResourceTable table;
    private final Predicate<NamedResource> visible;
    private final int maxBytes;
    private final int maxNames;

    private final Set<String> names = new HashSet<>();
    private final Deque<String> unanswered = new ArrayDeque<>();
    private final Set<String> queued = new HashSet<>();
    private boolean everything;

    /** What the client held when it came, until it was told what has become of it. */
    private @Nullable Map<String, String> heldBefore;

    /** Names that are gone since, still to be told. */
    private final Deque<String> gone = new ArrayDeque<>();

    /** What has changed since must be told when it was undone, too: the client may have seen it. */
    private long begun;

    private boolean answered;
    private volatile long position;

    Subscription(String typeUrl, ResourceTable table, Predicate<NamedResource> visible, int maxBytes, int maxNames) {
        this.typeUrl = typeUrl;
        this.table = table;
        this.visible = visible;
        this.maxBytes = maxBytes;
        this.maxNames = maxNames;
    }

    /** The first request of the type on the stream: no names at all mean everything. */
    void begin(DeltaDiscoveryRequest request) {
        heldBefore = held(request);
        begun = table.revision();
        everything = request.getResourceNamesSubscribeCount() == 0 && request.getResourceNamesUnsubscribeCount() == 0;
        change(request);
        if (!everything) {
            // no walk through what is there: only through what changes from now on
            position = begun;
            for (String name : heldBefore.keySet()) {
                names.add(name);
                ask(name);
            }
        }
    }

    /** By the table's own texts where it has the same: what a hundred clients hold is mostly the same, and known here. */
    private Map<String, String> held(DeltaDiscoveryRequest request) {
        Map<String, String> said = request.getInitialResourceVersionsMap();
        Map<String, String> held = new HashMap<>(said.size() * 4 / 3 + 1);
        said.forEach((name, version) -> {
            Entry entry = table.get(name);
            NamedResource resource = entry == null ? null : entry.resource();
            if (resource == null) {
                held.put(name, version);
            } else {
                held.put(resource.name(), resource.version().equals(version) ? resource.version() : version);
            }
        });
        return held;
    }

    /** Names come and go. */
    void change(DeltaDiscoveryRequest request) {
        for (String name : request.getResourceNamesSubscribeList()) {
            if (!name.equals(EVERYTHING)) {
                names.add(name);
                ask(name);
            } else if (!everything && !request.getResourceNamesUnsubscribeList().contains(EVERYTHING)) {
                everything = true;
                answered = false;
                begun = table.revision();
                position = 0;
            }
        }
        for (String name : request.getResourceNamesUnsubscribeList()) {
            if (name.equals(EVERYTHING)) {
                everything = false;
            } else {
                names.remove(name);
            }
        }
    }

    private void ask(String name) {
        if (queued.add(name)) {
            unanswered.add(name);
        }
    }

    boolean hasTooManyNames() {
        return names.size() > maxNames;
    }

    /** Up to where the client was told. */
    long position() {
        return position;
    }

    /** Whether there is something to look at. */
    boolean isBehind() {
        return (everything && !answered) || !unanswered.isEmpty() || !gone.isEmpty() || position < table.revision();
    }

    /** What comes next, within the limit of a message; null when nothing of what has changed is the client's. */
    DeltaDiscoveryResponse.@Nullable Builder next() {
        Batch batch = new Batch(maxBytes);
        while (!unanswered.isEmpty() && batch.hasRoom()) {
            String name = unanswered.remove();
            queued.remove(name);
            answer(name, batch);
        }
        boolean walked = unanswered.isEmpty() && walk(batch);
        if (walked && heldBefore != null) {
            if (everything) {
                gone.addAll(heldBefore.keySet());
            }
            heldBefore = null;
        }
        while (walked && !gone.isEmpty() && batch.hasRoom()) {
            String name = gone.remove();
            if (!isThere(table.get(name))) {
                batch.remove(name);
            }
        }
        boolean complete = walked && gone.isEmpty();
        boolean mustAnswer = everything && !answered && complete;
        answered |= complete;
        if (batch.isEmpty() && !mustAnswer) {
            return null;
        }
        return batch.build().setTypeUrl(typeUrl).setSystemVersionInfo(position + (complete ? "" : CONTINUED));
    }

    /** @return whether the end was reached */
    private boolean walk(Batch batch) {
        long end = table.revision();
        for (Entry entry : table.after(position)) {
            if (!batch.hasRoom()) {
                return false;
            }
            changed(entry, batch);
            position = entry.revision();
        }
        position = Math.max(position, end);
        return true;
    }

    private boolean isThere(@Nullable Entry entry) {
        return entry != null && entry.resource() != null && visible.test(entry.resource());
    }

    private void changed(Entry entry, Batch batch) {
        if (everything) {
            if (isThere(entry)) {
                String held = heldBefore == null ? null : heldBefore.remove(entry.name());
                if (entry.revision() > begun || !isVersion(entry, held)) {
                    batch.add(entry.name(), entry);
                }
            } else if (entry.revision() > begun) {
                batch.remove(entry.name());
            }
            return;
        }
        for (String alias : entry.lostAliases()) {
            if (names.contains(alias) && table.meantBy(alias).isEmpty()) {
                batch.remove(alias);
            }
        }
        if (isThere(entry)) {
            addWanted(entry, batch);
        } else if (names.contains(entry.name())) {
            batch.remove(entry.name());
        }
    }

    /** Adds a resource that somebody wants by its name or an alias. */
    private void addWanted(Entry entry, Batch batch) {
        boolean wanted = names.contains(entry.name());
        for (String alias : aliases(entry)) {
            if (names.contains(alias)) {
                wanted = true;
                batch.add(alias, entry);
            }
        }
        if (wanted) {
            names.add(entry.name());
            batch.add(entry.name(), entry);
        }
    }

    private static List<String> aliases(Entry entry) {
        NamedResource resource = entry.resource();
        return resource == null ? List.of() : resource.aliases();
    }

    private static boolean isVersion(Entry entry, @Nullable String version) {
        NamedResource resource = entry.resource();
        return resource != null && resource.version().equals(version);
    }

    /**
     * Answers for a name that was asked for: with what it means, or that there is nothing. Of a service its endpoints come first,
     * and of an alias what has it: whoever waits for the name finds all of it.
     */
    private void answer(String name, Batch batch) {
        String held = heldBefore == null ? null : heldBefore.remove(name);
        List<Entry> meant = table.meantBy(name);
        meant.removeIf(entry -> !isThere(entry));
        List<Entry> unknown = new ArrayList<>(meant);
        unknown.removeIf(entry -> entry.name().equals(name) || names.contains(entry.name()));
        if (!unknown.isEmpty()) {
            unanswered.addFirst(name);
            queued.add(name);
            for (Entry entry : unknown) {
                names.add(entry.name());
                if (queued.add(entry.name())) {
                    unanswered.addFirst(entry.name());
                }
            }
            return;
        }
        if (meant.isEmpty()) {
            batch.remove(name);
            return;
        }
        Entry first = meant.get(0);
        if (!first.name().equals(name) || !isVersion(first, held)) {
            batch.add(name, first);
        }
    }
}
