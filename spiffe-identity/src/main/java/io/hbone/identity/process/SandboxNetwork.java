package io.hbone.identity.process;

/**
 * Where the network namespace of a pod is found; by one of both at least.
 *
 * @param pid a process that is in it, by its id in the runtime's PID namespace; 0 for none
 * @param path the file that it is pinned to, absolute, in the runtime's mount namespace; empty for none
 */
public record SandboxNetwork(int pid, String path) {
    public SandboxNetwork {
        if (pid < 0 || (pid == 0 && path.isEmpty())) {
            throw new IllegalArgumentException("pid " + pid + ", path '" + path + "' (expected: one of both)");
        }
    }
}
