package io.hbone.enrollment;

import io.hbone.zds.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** Counts the connections that go through a node, by the listeners that it has in a workload's namespace (proc_pid_net(5)). */
final class NodeConnections {
    /** Of a node, in every workload's namespace (spec/ztunnel.md 1.1): 15001, 15006 and 15008. */
    private static final Set<String> PORTS = Set.of("3A99", "3A9E", "3AA0");

    private static final String ESTABLISHED = "01";
    private static final int LOCAL_ADDRESS = 1;
    private static final int STATE = 3;

    private NodeConnections() {}

    /** @throws IOException when the namespace cannot be entered or read */
    static long count(NetworkNamespace namespace) throws IOException {
        try {
            return namespace.run(() -> {
                // The thread's own: that of the process shows the namespace of its first thread.
                Path net = Path.of("/proc/thread-self/net");
                return count(net.resolve("tcp")) + count(net.resolve("tcp6"));
            });
        } catch (IOException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException("connections in " + namespace + " cannot be counted: " + e, e);
        }
    }

    private static long count(Path table) throws IOException {
        try {
            return count(Files.readAllLines(table));
        } catch (NoSuchFileException e) {
            return 0; // a kernel without IPv6
        }
    }

    /** @param lines of {@code /proc/net/tcp} */
    static long count(List<String> lines) {
        return lines.stream()
                .map(line -> line.strip().split("\\s+"))
                .filter(fields -> fields.length > STATE && fields[STATE].equals(ESTABLISHED))
                .map(fields -> fields[LOCAL_ADDRESS])
                .filter(local -> PORTS.contains(local.substring(local.lastIndexOf(':') + 1)))
                .count();
    }
}
