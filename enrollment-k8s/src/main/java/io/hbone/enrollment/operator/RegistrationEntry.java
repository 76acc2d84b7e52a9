package io.hbone.enrollment.operator;

import io.hbone.core.SpiffeId;
import java.util.Set;

/**
 * What of an entry is the operator's business (spec/spire.md 3.2).
 *
 * @param id by which the server knows it
 * @param spiffeId who matches it
 * @param parent whoever has this identity may hand it out
 * @param selectors all of which a workload must have
 * @param ttlSeconds lifetime of the SVIDs; 0 is the server's default
 */
record RegistrationEntry(String id, SpiffeId spiffeId, SpiffeId parent, Set<Selector> selectors, int ttlSeconds) {
    RegistrationEntry {
        selectors = Set.copyOf(selectors);
    }

    /** The namespace whose service account it is for; empty when it is for something else. */
    String namespace() {
        String namespace = spiffeId.namespace();
        return namespace == null ? "" : namespace;
    }

    /** One of what a workload is known by, {@code type:value}. */
    record Selector(String type, String value) {
        @Override
        public String toString() {
            return type + ":" + value;
        }
    }
}
