package io.hbone.xds.server;

import io.hbone.xds.NamedResource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * The resources of one type by name, by alias, and in the order of their last change. Writers take turns; readers walk along
 * while it changes: what they miss of a name comes again behind them.
 */
final class ResourceTable {
    private final String typeUrl;
    private final Map<String, Entry> byName = new ConcurrentHashMap<>();
    private final Map<String, Set<String>> byAlias = new ConcurrentHashMap<>();
    private final ConcurrentNavigableMap<Long, Entry> byRevision = new ConcurrentSkipListMap<>();
    private final Map<String, Entry> removed = new HashMap<>();
    private volatile long revision;
    private volatile int removals;

    ResourceTable(String typeUrl) {
        this.typeUrl = typeUrl;
    }

    /** The revision of the last change. */
    long revision() {
        return revision;
    }

    int size() {
        return byName.size();
    }

    @Nullable Entry get(String name) {
        return byName.get(name);
    }

    /** Changes after {@code position}, removals among them, oldest first. */
    Collection<Entry> after(long position) {
        return byRevision.tailMap(position, false).values();
    }

    /** What somebody means who asks for {@code name}: the resource of that name, and those that have it as an alias. */
    List<Entry> meantBy(String name) {
        List<Entry> meant = new ArrayList<>();
        Entry own = byName.get(name);
        if (own != null) {
            meant.add(own);
        }
        for (String other : byAlias.getOrDefault(name, Set.of())) {
            Entry entry = byName.get(other);
            if (entry != null && !other.equals(name)) {
                meant.add(entry);
            }
        }
        return meant;
    }

    synchronized List<NamedResource> snapshot() {
        return byName.values().stream()
                .map(Entry::resource)
                .filter(Objects::nonNull)
                .toList();
    }

    /** @return whether anything has changed */
    synchronized boolean put(NamedResource resource) {
        Entry before = byName.get(resource.name());
        if (before != null && resource.equals(before.resource())) {
            return false;
        }
        NamedResource old = before == null ? null : before.resource();
        List<String> lost = new ArrayList<>(old == null ? List.of() : old.aliases());
        lost.removeAll(resource.aliases());
        Entry entry = Entry.of(revision + 1, typeUrl, resource, lost);
        byName.put(resource.name(), entry);
        aliases(old, resource);
        supersede(before != null ? before : removed.remove(resource.name()), entry);
        return true;
    }

    /** @return whether anything has changed */
    synchronized boolean remove(String name) {
        Entry before = byName.remove(name);
        if (before == null) {
            return false;
        }
        NamedResource old = before.resource();
        aliases(old, null);
        Entry entry = Entry.removed(revision + 1, name, old == null ? List.of() : old.aliases());
        removed.put(name, entry);
        removals = removed.size();
        supersede(before, entry);
        return true;
    }

    /** Forgets removals that all readers have passed. */
    synchronized void forgetRemovals(long passed) {
        removed.values().removeIf(entry -> entry.revision() <= passed && byRevision.remove(entry.revision()) != null);
        removals = removed.size();
    }

    /** How many removals are remembered. */
    int removals() {
        return removals;
    }

    /** The new one is there before the old one is gone: a reader in between sees the name twice, never not at all. */
    private void supersede(@Nullable Entry before, Entry entry) {
        byRevision.put(entry.revision(), entry);
        revision = entry.revision();
        if (before != null) {
            byRevision.remove(before.revision());
        }
    }

    private void aliases(@Nullable NamedResource before, @Nullable NamedResource after) {
        if (before != null) {
            for (String alias : before.aliases()) {
                byAlias.computeIfPresent(alias, (key, names) -> {
                    Set<String> fewer = new LinkedHashSet<>(names);
                    fewer.remove(before.name());
                    return fewer.isEmpty() ? null : fewer;
                });
            }
        }
        if (after != null) {
            for (String alias : after.aliases()) {
                byAlias.merge(alias, Set.of(after.name()), (names, one) -> {
                    Set<String> more = new LinkedHashSet<>(names);
                    more.addAll(one);
                    return more;
                });
            }
        }
    }
}
