package io.hbone.xds.policy;

import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * Whether plaintext may come in, for a mesh, a namespace or a workload; the closest one counts. On the wire Istio says the same
 * by DENY policies that match peers without a principal (spec/ztunnel.md 5.3), which work, too; this is for whoever has no
 * control plane that writes them.
 *
 * @param namespace whose workloads are meant; empty for all
 * @param workload the name of the one workload that is meant; empty for all of the namespace
 * @param mode of all ports but {@code exceptPorts}
 * @param exceptPorts the application's ports for which the other mode holds
 */
public record StrictMtls(String namespace, String workload, Mode mode, Set<Integer> exceptPorts) {
    public StrictMtls {
        Objects.requireNonNull(mode, "mode");
        exceptPorts = Set.copyOf(exceptPorts);
        if (namespace.isEmpty() && !workload.isEmpty()) {
            throw new IllegalArgumentException(
                    "strict mTLS of workload '" + workload + "': no namespace (expected: the workload's)");
        }
        for (int port : exceptPorts) {
            if (port < 1 || port > 65535) {
                throw new IllegalArgumentException("port: " + port + " (expected: 1 to 65535)");
            }
        }
    }

    /** Whether plaintext is refused. */
    public enum Mode {
        STRICT,
        PERMISSIVE
    }

    /** Refuses plaintext to all workloads of {@code namespace}, but for {@code exceptPorts}. */
    public static StrictMtls ofNamespace(String namespace, Integer... exceptPorts) {
        return new StrictMtls(namespace, "", Mode.STRICT, Set.of(exceptPorts));
    }

    /** Refuses plaintext to one workload, but for {@code exceptPorts}. */
    public static StrictMtls ofWorkload(String namespace, String workload, Integer... exceptPorts) {
        return new StrictMtls(namespace, workload, Mode.STRICT, Set.of(exceptPorts));
    }

    /** Whether plaintext to {@code port} is refused. */
    public boolean refuses(int port) {
        return (mode == Mode.STRICT) != exceptPorts.contains(port);
    }

    /** What decisions call it: {@code strict-mtls:} and what it is of. */
    public String key() {
        if (namespace.isEmpty()) {
            return "strict-mtls:mesh";
        }
        return "strict-mtls:" + namespace + (workload.isEmpty() ? "" : "/" + workload);
    }

    @Override
    public String toString() {
        String except = exceptPorts.isEmpty() ? "" : " except ports " + new TreeSet<>(exceptPorts);
        return key() + " " + mode + except;
    }
}
