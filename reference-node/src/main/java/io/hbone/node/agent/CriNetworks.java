package io.hbone.node.agent;

import io.hbone.enrollment.ContainerNetworks;
import io.hbone.enrollment.NetworkGoneException;
import io.hbone.enrollment.NetworkReference;
import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.process.CriPidLookup;
import io.hbone.identity.process.CriSandboxes;
import io.hbone.identity.process.NoProcessException;
import io.hbone.identity.process.SandboxNetwork;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;

/** Asks the container runtime, which answers or fails within its own deadline. */
final class CriNetworks implements ContainerNetworks, AutoCloseable {
    /** The root of the runtime's files: process 1 is the machine's where the agent's pod has {@code hostPID}. */
    private static final Path MACHINE = Path.of("/proc/1/root");

    private final CriPidLookup containers;
    private final CriSandboxes sandboxes;

    /** @param timeout for each question, more than zero */
    CriNetworks(UnixEndpoint runtime, Duration timeout) {
        containers = new CriPidLookup(runtime, timeout);
        sandboxes = new CriSandboxes(runtime, timeout);
    }

    @Override
    public List<NetworkReference> find(NetworkReference reference) throws IOException {
        if (reference instanceof NetworkReference.Container container) {
            return List.of(
                    NetworkReference.Process.running(answer(reference, containers.pidOfContainer(container.id()))));
        }
        if (reference instanceof NetworkReference.Pod pod) {
            return places(answer(reference, sandboxes.ofPod(pod.uid())));
        }
        throw new IOException(reference + " (expected: a container or a pod)");
    }

    /** The file first: its name is the pod's alone, while the number of a process that has ended goes to another one. */
    private static List<NetworkReference> places(SandboxNetwork network) {
        List<NetworkReference> places = new ArrayList<>();
        if (!network.path().isEmpty()) {
            // A link to /run is absolute as a rule, and would lead back into the agent's own files.
            String path = network.path().replaceFirst("^/var/run/", "/run/");
            places.add(new NetworkReference.File(MACHINE.resolve(path.substring(1))));
            places.add(new NetworkReference.File(Path.of(network.path())));
        }
        if (network.pid() > 0) {
            places.add(NetworkReference.Process.running(network.pid()));
        }
        return places;
    }

    private static <T> T answer(NetworkReference reference, CompletionStage<T> asked) throws IOException {
        try {
            return asked.toCompletableFuture().get();
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            if (cause instanceof NoProcessException) {
                throw new NetworkGoneException(String.valueOf(cause.getMessage()));
            }
            throw new IOException(String.valueOf(cause.getMessage()), cause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(reference + ": interrupted", e);
        }
    }

    @Override
    public void close() {
        containers.close();
        sandboxes.close();
    }
}
