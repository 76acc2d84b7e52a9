package io.hbone.xds.policy;

import java.util.List;
import java.util.Objects;

/**
 * What policies know a destination by.
 *
 * @param namespace of the workload
 * @param workload its name, for strict mTLS of single workloads
 * @param policies that it names, each as {@code namespace/name}
 */
public record PolicySubject(String namespace, String workload, List<String> policies) {
    public PolicySubject {
        Objects.requireNonNull(namespace, "namespace");
        Objects.requireNonNull(workload, "workload");
        policies = List.copyOf(policies);
    }
}
