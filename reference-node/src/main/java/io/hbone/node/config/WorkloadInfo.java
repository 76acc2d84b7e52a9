package io.hbone.node.config;

import org.jspecify.annotations.Nullable;

/** Which workload a dedicated node serves: {@code PROXY_WORKLOAD_INFO}. */
public record WorkloadInfo(String namespace, String name, String serviceAccount) {

    /** Null when {@code text} is not {@code namespace/name/service-account}. */
    static @Nullable WorkloadInfo parse(String text) {
        String[] parts = text.split("/", -1);
        if (parts.length != 3 || parts[0].isEmpty() || parts[1].isEmpty() || parts[2].isEmpty()) {
            return null;
        }
        return new WorkloadInfo(parts[0], parts[1], parts[2]);
    }

    /** As {@code PROXY_WORKLOAD_INFO} spells it. */
    @Override
    public String toString() {
        return namespace + '/' + name + '/' + serviceAccount;
    }
}
