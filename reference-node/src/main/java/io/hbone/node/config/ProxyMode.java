package io.hbone.node.config;

import java.nio.file.Path;

/** Whom a node serves: {@code PROXY_MODE}. */
public sealed interface ProxyMode {

    /**
     * One workload, in whose network namespace the process is.
     *
     * @param workload {@code PROXY_WORKLOAD_INFO}
     */
    record Dedicated(WorkloadInfo workload) implements ProxyMode {}

    /**
     * The pods that the agent of this machine hands over, each in its own network namespace.
     *
     * @param agent {@code INPOD_UDS}: the agent's socket
     * @param sharedPorts {@code INPOD_PORT_REUSE}: whether another node may serve the same pods at the same time, as in an upgrade
     */
    record Shared(Path agent, boolean sharedPorts) implements ProxyMode {}
}
