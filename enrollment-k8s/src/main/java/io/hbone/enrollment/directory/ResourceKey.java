package io.hbone.enrollment.directory;

import java.net.InetAddress;

/** A resource that nodes may have to be told anew. It may not be there, or not any more. */
sealed interface ResourceKey {
    /** The workload of a pod. */
    record OfPod(String namespace, String name, String uid) implements ResourceKey {}

    /** The workload of an endpoint that is no pod. */
    record OfEndpoint(String namespace, String slice, InetAddress address) implements ResourceKey {}

    /** A service. */
    record OfService(String namespace, String name) implements ResourceKey {}

    /** The policy of an object. */
    record OfPolicy(Source source, String namespace, String object) implements ResourceKey {}

    /** What policies are made of. */
    enum Source {
        AUTHORIZATION_POLICY,
        STRICT_MTLS,
        PEER_AUTHENTICATION
    }
}
