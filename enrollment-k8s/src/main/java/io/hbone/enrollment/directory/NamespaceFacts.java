package io.hbone.enrollment.directory;

import io.fabric8.kubernetes.api.model.Namespace;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of a namespace.
 *
 * @param distribution of the traffic to its services that do not say; null when it does not say either
 */
record NamespaceFacts(Map<String, String> labels, @Nullable Distribution distribution) {
    /** Of a namespace that is not there, or not yet. */
    static final NamespaceFacts NONE = new NamespaceFacts(Map.of(), null);

    static NamespaceFacts of(Namespace namespace) {
        return new NamespaceFacts(
                Labels.of(namespace.getMetadata()),
                Distribution.of(Labels.annotation(namespace.getMetadata(), Names.TRAFFIC_DISTRIBUTION)));
    }
}
