package io.hbone.node.demo;

import io.hbone.netty.socket.Transport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Chooses where the demo takes place: in network namespaces where they can be had, else on loopback. */
final class Places {
    private static final int ROOT = 0;

    private Places() {}

    /**
     * Opens a topology.
     *
     * @param cleanup learns what must be undone, also when this fails
     * @param loopback whether loopback was asked for
     * @param patienceMillis how long all may take to be there
     */
    static Topology open(Cleanup cleanup, boolean loopback, Fault fault, boolean verbose, long patienceMillis)
            throws IOException {
        Leftovers.removeDirectories();
        Path directory = Leftovers.newDirectory();
        cleanup.add(() -> Leftovers.removeDirectory(directory));
        if (loopback) {
            return LoopbackTopology.open(cleanup, directory, fault, "as asked for by --loopback");
        }
        String obstacle = obstacle();
        if (obstacle != null) {
            return LoopbackTopology.open(cleanup, directory, fault, "network namespaces cannot be had: " + obstacle);
        }
        Cleanup ofNetwork = new Cleanup();
        cleanup.add(ofNetwork::run);
        PodNetwork network;
        try {
            network = PodNetwork.create(ofNetwork);
        } catch (IOException e) {
            ofNetwork.run();
            return LoopbackTopology.open(
                    cleanup, directory, fault, "network namespaces cannot be had: " + e.getMessage());
        }
        return NamespaceTopology.open(network, cleanup, directory, fault, verbose, patienceMillis);
    }

    private static @Nullable String obstacle() throws IOException {
        if (!Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(ROOT)) {
            return "not root";
        }
        return Transport.EPOLL.isAvailable() ? null : "there is no epoll here";
    }
}
