package io.hbone.enrollment;

import java.nio.file.Path;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** How the network namespace of a workload is found. {@code toString} is for the operator. */
public sealed interface NetworkReference {

    /**
     * The one that a process lives in.
     *
     * @param pid positive, in the agent's PID namespace
     * @param startedAt when the process was started, so that another one that gets its number later is not taken for it; null takes
     *     whichever has the number
     */
    record Process(long pid, @Nullable Instant startedAt) implements NetworkReference {
        public Process {
            if (pid < 1) {
                throw new IllegalArgumentException("pid: " + pid + " (expected: a process id)");
            }
        }

        /** The process that has this number now. */
        public static Process running(long pid) {
            return new Process(
                    pid,
                    ProcessHandle.of(pid)
                            .flatMap(handle -> handle.info().startInstant())
                            .orElse(null));
        }

        @Override
        public String toString() {
            return "process " + pid;
        }
    }

    /** One that {@code ip netns} knows by a name. */
    record Named(String name) implements NetworkReference {
        public Named {
            if (name.isEmpty() || name.indexOf('/') >= 0 || name.startsWith(".")) {
                throw new IllegalArgumentException("netns: '" + name + "' (expected: a name of ip netns)");
            }
        }

        @Override
        public String toString() {
            return "netns " + name;
        }
    }

    /** A file that stands for it: what a CNI plugin has pinned, or {@code /proc/PID/ns/net}. */
    record File(Path path) implements NetworkReference {
        @Override
        public String toString() {
            return path.toString();
        }
    }

    /** The one of a container, by the id that the container runtime gave it. */
    record Container(String id) implements NetworkReference {
        public Container {
            if (id.isEmpty()) {
                throw new IllegalArgumentException("container: empty (expected: the id of a container)");
            }
        }

        @Override
        public String toString() {
            return "container " + id;
        }
    }

    /** The one of a pod, by the uid that the container runtime knows it by. */
    record Pod(String uid) implements NetworkReference {
        public Pod {
            if (uid.isEmpty()) {
                throw new IllegalArgumentException("pod: empty (expected: the uid of a pod)");
            }
        }

        @Override
        public String toString() {
            return "pod " + uid;
        }
    }
}
