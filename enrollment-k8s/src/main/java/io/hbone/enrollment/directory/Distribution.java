package io.hbone.enrollment.directory;

import io.hbone.xds.model.LoadBalancing;
import io.hbone.xds.model.LoadBalancing.Scope;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Which endpoints of a service are preferred. They are preferences: where there is none that fits, the next best serves. */
enum Distribution {
    ANY(List.of()),
    SAME_ZONE(List.of(Scope.NETWORK, Scope.REGION, Scope.ZONE)),
    SAME_NODE(List.of(Scope.NETWORK, Scope.REGION, Scope.ZONE, Scope.SUBZONE, Scope.NODE));

    private final List<Scope> preferences;

    Distribution(List<Scope> preferences) {
        this.preferences = preferences;
    }

    /** By the field's or the annotation's value, in any case; null when nothing is said, and {@link #ANY} for what is not known. */
    static @Nullable Distribution of(@Nullable String value) {
        if (value == null || value.isEmpty()) {
            return null;
        }
        return switch (value.toLowerCase(Locale.ROOT)) {
            case "preferclose", "prefersamezone" -> SAME_ZONE;
            case "prefersamenode" -> SAME_NODE;
            default -> ANY;
        };
    }

    LoadBalancing.Mode mode() {
        return this == ANY ? LoadBalancing.Mode.STANDARD : LoadBalancing.Mode.FAILOVER;
    }

    List<Scope> preferences() {
        return preferences;
    }
}
