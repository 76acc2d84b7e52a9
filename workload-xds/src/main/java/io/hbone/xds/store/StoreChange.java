package io.hbone.xds.store;

import io.hbone.xds.model.Service;
import io.hbone.xds.model.Workload;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a batch did.
 *
 * @param workloads by uid
 * @param services by {@code namespace/hostname}
 */
public record StoreChange(
        Snapshot before,
        Snapshot after,
        Map<String, Changed<Workload>> workloads,
        Map<String, Changed<Service>> services) {

    public StoreChange {
        workloads = Collections.unmodifiableMap(workloads);
        services = Collections.unmodifiableMap(services);
    }

    /**
     * One thing before and after.
     *
     * @param before null when it is new
     * @param after null when it is gone
     */
    public record Changed<T>(@Nullable T before, @Nullable T after) {}

    public boolean isEmpty() {
        return workloads.isEmpty() && services.isEmpty();
    }

    /** Whether a workload got other policies than it had, so that what was allowed may not be any more. */
    public static boolean changesPolicies(Changed<Workload> change) {
        Workload before = change.before();
        Workload after = change.after();
        return before != null
                && after != null
                && !(before.authorizationPolicies().equals(after.authorizationPolicies())
                        && Objects.equals(before.namespace(), after.namespace()));
    }
}
