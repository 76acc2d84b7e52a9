package io.hbone.xds.ads;

import com.google.protobuf.ByteString;
import io.hbone.xds.NamedResource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a client holds of one type: names, versions and aliases. Those held from earlier streams are <i>unconfirmed</i> until the
 * server of now has spoken of them.
 */
final class HeldResources {
    private final Map<String, NamedResource> byName = new HashMap<>();
    private final Map<String, String> byAlias = new HashMap<>();
    private final Set<String> unconfirmed = new HashSet<>();
    private boolean everythingComesAgain;

    /** A new stream begins. */
    void reconnected() {
        unconfirmed.clear();
        unconfirmed.addAll(byName.keySet());
        everythingComesAgain = false;
    }

    /** Names and versions for {@code initial_resource_versions}. */
    Map<String, String> versions() {
        Map<String, String> versions = new HashMap<>();
        byName.forEach((name, resource) -> versions.put(name, resource.version()));
        return versions;
    }

    /** The server has sent {@code resource}, taken or not. */
    void seen(NamedResource resource) {
        NamedResource held = byName.get(resource.name());
        if (unconfirmed.remove(resource.name())
                && held != null
                && held.version().equals(resource.version())) {
            // a server that reads versions would not have sent this one
            everythingComesAgain = true;
        }
    }

    void put(NamedResource resource) {
        unconfirmed.remove(resource.name());
        // names alone: the store holds the bodies
        NamedResource before = byName.put(
                resource.name(),
                new NamedResource(resource.name(), resource.version(), resource.aliases(), ByteString.EMPTY));
        forgetAliases(before);
        resource.aliases().forEach(alias -> byAlias.put(alias, resource.name()));
    }

    void remove(String name) {
        unconfirmed.remove(name);
        forgetAliases(byName.remove(name));
    }

    private void forgetAliases(@Nullable NamedResource held) {
        if (held != null) {
            held.aliases().forEach(alias -> byAlias.remove(alias, held.name()));
        }
    }

    void removeAll(Collection<String> names) {
        names.forEach(this::remove);
    }

    /** Whether it is held by that name or alias. */
    boolean has(String nameOrAlias) {
        return byName.containsKey(nameOrAlias) || byAlias.containsKey(nameOrAlias);
    }

    int size() {
        return byName.size();
    }

    /** What the server of now does not have, as far as can be told; each name once. */
    List<String> takeStale() {
        List<String> stale = everythingComesAgain ? new ArrayList<>(unconfirmed) : List.of();
        unconfirmed.clear();
        return stale;
    }
}
