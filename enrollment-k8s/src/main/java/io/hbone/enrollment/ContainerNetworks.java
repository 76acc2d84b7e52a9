package io.hbone.enrollment;

import java.io.IOException;
import java.util.List;

/** Asks the container runtime of the machine for networks. May block; called by any thread, by several at once. */
public interface ContainerNetworks {
    /** Where there is no container runtime to ask. */
    ContainerNetworks NONE = reference -> {
        throw new IOException(
                reference + ": no container runtime is configured (expected: its socket in the settings)");
    };

    /**
     * Where its network namespace is found now.
     *
     * @param reference a {@link NetworkReference.Container} or a {@link NetworkReference.Pod}
     * @return processes and files, one or more; the first that is there counts
     * @throws NetworkGoneException when it does not run
     * @throws IOException when the runtime cannot be asked
     */
    List<NetworkReference> find(NetworkReference reference) throws IOException;
}
