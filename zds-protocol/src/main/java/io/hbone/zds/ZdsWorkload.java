package io.hbone.zds;

import java.util.Objects;

/**
 * A pod, as an agent and a node speak of it.
 *
 * @param uid its own, for ever: {@code metadata.uid} in Kubernetes; the same in xDS; not empty
 * @param name of the pod; may be empty
 * @param namespace of Kubernetes; may be empty
 * @param serviceAccount may be empty
 */
public record ZdsWorkload(String uid, String name, String namespace, String serviceAccount) {
    public ZdsWorkload {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(namespace, "namespace");
        Objects.requireNonNull(serviceAccount, "serviceAccount");
        if (uid.isEmpty()) {
            throw new IllegalArgumentException("the uid is empty (expected: the pod's uid)");
        }
    }

    @Override
    public String toString() {
        return namespace + '/' + name + " (" + uid + ')';
    }
}
