package io.hbone.xds.policy;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** Knows the local workloads. Asked on the threads of connections: it must return at once. */
@FunctionalInterface
public interface PolicySubjects {
    /** The workload that has {@code destination} as an address, or null. */
    @Nullable PolicySubject at(InetAddress destination);
}
