package io.hbone.enrollment;

import io.hbone.zds.NetworkNamespace;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/**
 * Counts the connections that a node carries for a workload, by the sockets in the workload's namespace (proc_pid_net(5)): what was
 * captured, by the listeners that take it; and what arrived by HBONE, by the node's connections to the application, which are made in
 * the name of the client and so have an address that is not the workload's. HBONE connections themselves do not count: nodes keep them
 * when nothing is carried in them.
 */
final class NodeConnections {
    /** Of a node, in every workload's namespace (spec/ztunnel.md 1.1): 15001 and 15006. */
    private static final Set<String> PORTS = Set.of("3A99", "3A9E");

    private static final String ESTABLISHED = "01";
    private static final int LOCAL = 1;
    private static final int REMOTE = 2;
    private static final int STATE = 3;

    private NodeConnections() {}

    /**
     * @param own the addresses of the workload
     * @throws IOException when the namespace cannot be entered or read
     */
    static long count(NetworkNamespace namespace, Collection<InetAddress> own) throws IOException {
        try {
            return namespace.run(() -> {
                // The thread's own: that of the process shows the namespace of its first thread.
                Path net = Path.of("/proc/thread-self/net");
                return count(net.resolve("tcp"), own) + count(net.resolve("tcp6"), own);
            });
        } catch (IOException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException("connections in " + namespace + " cannot be counted: " + e, e);
        }
    }

    private static long count(Path table, Collection<InetAddress> own) throws IOException {
        try {
            return count(Files.readAllLines(table), own);
        } catch (NoSuchFileException e) {
            return 0; // a kernel without IPv6
        }
    }

    /** @param lines of {@code /proc/net/tcp} */
    static long count(List<String> lines, Collection<InetAddress> own) {
        return lines.stream()
                .map(line -> line.strip().split("\\s+"))
                .filter(fields -> fields.length > STATE && fields[STATE].equals(ESTABLISHED))
                .filter(fields -> isCaptured(fields[LOCAL]) || isDelivered(fields[LOCAL], fields[REMOTE], own))
                .count();
    }

    private static boolean isCaptured(String local) {
        return PORTS.contains(local.substring(local.lastIndexOf(':') + 1));
    }

    /** Also when it is made in the workload's own name: who connects to itself is counted, too, and waited for in vain at worst. */
    private static boolean isDelivered(String local, String remote, Collection<InetAddress> own) {
        InetAddress from = address(local);
        return !from.isLoopbackAddress() && (!own.contains(from) || from.equals(address(remote)));
    }

    /** Each four bytes are a number of this machine's byte order. */
    private static InetAddress address(String text) {
        byte[] bytes = HexFormat.of().parseHex(text.substring(0, text.lastIndexOf(':')));
        ByteBuffer numbers = ByteBuffer.wrap(bytes.clone()).order(ByteOrder.nativeOrder());
        ByteBuffer network = ByteBuffer.wrap(bytes);
        while (numbers.hasRemaining()) {
            network.putInt(numbers.getInt());
        }
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(text + " (expected: an IPv4 or IPv6 address, a colon, a port)", e);
        }
    }
}
