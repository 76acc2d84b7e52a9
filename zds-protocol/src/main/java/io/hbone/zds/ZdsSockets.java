package io.hbone.zds;

import java.nio.file.Path;

/** Where agents listen for the node of their machine. */
public final class ZdsSockets {
    /** Cilium's agent (spec/cilium.md 2.1). */
    public static final Path CILIUM = Path.of("/var/run/cilium/ztunnel.sock");

    /** Istio's CNI agent, and the default of a stock ztunnel's {@code INPOD_UDS} (spec/ztunnel.md 8.1). */
    public static final Path ISTIO = Path.of("/var/run/ztunnel/ztunnel.sock");

    private ZdsSockets() {}
}
