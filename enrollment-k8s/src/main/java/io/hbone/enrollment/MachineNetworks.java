package io.hbone.enrollment;

import io.hbone.zds.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The network namespaces of this machine. The one that the agent is in and the one of process 1 are nobody's: rules in them would
 * cut the machine off (spec/cilium.md 1.4: what shares the host's network is never enrolled). Safe for use by any thread.
 */
public final class MachineNetworks implements NetworkLocator {
    private static final Logger logger = LoggerFactory.getLogger(MachineNetworks.class);
    private static final Path NAMES = Path.of("/var/run/netns");
    private static final long INIT = 1;

    private final ContainerNetworks containers;
    private final Set<NetworkNamespace.Id> machine = new HashSet<>();

    /**
     * @param containers how containers and pods are found
     * @throws IOException when the agent's own namespace cannot be opened
     */
    public MachineNetworks(ContainerNetworks containers) throws IOException {
        this.containers = containers;
        try (NetworkNamespace own = NetworkNamespace.current()) {
            machine.add(own.id());
        }
        try (NetworkNamespace init = NetworkNamespace.ofProcess(INIT)) {
            machine.add(init.id());
        } catch (IOException e) {
            logger.info(
                    "only this agent's own network is kept out of the mesh, as that of process 1 cannot be opened"
                            + " (expected: CAP_SYS_PTRACE, which matters where the agent has a network of its own): {}",
                    e.getMessage());
        }
    }

    @Override
    public NetworkNamespace open(NetworkReference reference) throws IOException {
        NetworkNamespace opened = find(reference);
        if (machine.contains(opened.id())) {
            opened.close();
            throw new IOException(reference + " shares the machine's network " + opened.id()
                    + " (expected: a network namespace of its own; networkMode HostNetwork says that it has none)");
        }
        return opened;
    }

    private NetworkNamespace find(NetworkReference reference) throws IOException {
        if (reference instanceof NetworkReference.Process process) {
            return ofProcess(reference, process.pid(), process.startedAt());
        }
        if (reference instanceof NetworkReference.Named named) {
            if (!exists(NAMES.resolve(named.name()))) {
                throw new NetworkGoneException(reference + " is not there (expected: one that ip netns lists)");
            }
            return NetworkNamespace.named(named.name());
        }
        if (reference instanceof NetworkReference.File file) {
            if (!exists(file.path())) {
                throw new NetworkGoneException(reference + " is not there (expected: a file of a network namespace)");
            }
            return NetworkNamespace.open(file.path());
        }
        return first(reference, containers.find(reference));
    }

    /** What the runtime names is there as a rule, but files may be out of sight of this process. */
    private NetworkNamespace first(NetworkReference reference, List<NetworkReference> found) throws IOException {
        IOException failure = new NetworkGoneException(reference + " has no network (expected: one that runs)");
        for (NetworkReference each : found) {
            if (each instanceof NetworkReference.Container || each instanceof NetworkReference.Pod) {
                throw new IOException(reference + " was found as " + each + " (expected: a process or a file)");
            }
            try {
                return find(each);
            } catch (NetworkGoneException e) {
                failure = failure instanceof NetworkGoneException
                        ? new NetworkGoneException(reference + ": " + e.getMessage())
                        : failure;
            } catch (IOException e) {
                failure = new IOException(reference + ": " + e.getMessage(), e);
            }
        }
        throw failure;
    }

    private static NetworkNamespace ofProcess(NetworkReference reference, long pid, @Nullable Instant startedAt)
            throws IOException {
        if (!isThere(pid, startedAt)) {
            throw new NetworkGoneException(reference + " does not run any more (expected: a running process)");
        }
        NetworkNamespace opened;
        try {
            opened = NetworkNamespace.ofProcess(pid);
        } catch (IOException e) {
            if (!isThere(pid, startedAt)) {
                throw new NetworkGoneException(reference + " has just ended (expected: a running process)");
            }
            throw e;
        }
        if (!isThere(pid, startedAt)) { // the number may have gone to another one while it was opened
            opened.close();
            throw new NetworkGoneException(reference + " has just ended (expected: a running process)");
        }
        return opened;
    }

    private static boolean isThere(long pid, @Nullable Instant startedAt) {
        return ProcessHandle.of(pid)
                .filter(handle -> startedAt == null
                        || handle.info().startInstant().map(startedAt::equals).orElse(false))
                .isPresent();
    }

    private static boolean exists(Path path) {
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    }
}
