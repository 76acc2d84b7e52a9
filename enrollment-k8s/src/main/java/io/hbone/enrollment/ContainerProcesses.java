package io.hbone.enrollment;

import java.io.IOException;

/** Asks the container runtime of the machine for processes. May block; called by any thread, by several at once. */
public interface ContainerProcesses {
    /** Where there is no container runtime to ask. */
    ContainerProcesses NONE = reference -> {
        throw new IOException(
                reference + ": no container runtime is configured (expected: its socket in the settings)");
    };

    /**
     * A running process of it, by its id in this process's PID namespace.
     *
     * @param reference a {@link NetworkReference.Container} or a {@link NetworkReference.Pod}
     * @throws NetworkGoneException when it does not run
     * @throws IOException when the runtime cannot be asked
     */
    long pid(NetworkReference reference) throws IOException;
}
