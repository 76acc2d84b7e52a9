package io.hbone.enrollment.conntrack;

import io.hbone.zds.NetworkNamespace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** What the kernel remembers of the connections of network namespaces. Safe for use by any thread; blocks. */
public final class TrackedConnections {
    private static final int BATCH = 256;

    private TrackedConnections() {}

    /**
     * Makes the kernel forget connections. It takes CAP_SYS_ADMIN to enter the namespace and CAP_NET_ADMIN.
     *
     * @param which of them
     * @return how many there were
     * @throws IOException when the namespace cannot be entered, or the kernel refuses: it may have been built without
     *     {@code nf_conntrack_netlink}
     */
    public static int forget(NetworkNamespace namespace, Predicate<TrackedConnection> which) throws IOException {
        try {
            return namespace.run(() -> {
                try (NetlinkSocket socket = NetlinkSocket.open()) {
                    return forget(socket, which);
                }
            });
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (Exception e) {
            throw new IOException("connections of " + namespace + " cannot be forgotten: " + e, e);
        }
    }

    private static int forget(NetlinkSocket socket, Predicate<TrackedConnection> which) throws IOException {
        int sequence = 1;
        List<TrackedConnection> found = new ArrayList<>();
        socket.send(ConntrackMessages.dump(sequence));
        awaitEnd(socket, sequence, found);
        List<TrackedConnection> unwanted = found.stream().filter(which).toList();
        for (int from = 0; from < unwanted.size(); from += BATCH) {
            sequence++;
            List<TrackedConnection> some = unwanted.subList(from, Math.min(unwanted.size(), from + BATCH));
            socket.send(ConntrackMessages.delete(some, sequence));
            awaitEnd(socket, sequence, new ArrayList<>());
        }
        return unwanted.size();
    }

    private static void awaitEnd(NetlinkSocket socket, int sequence, List<TrackedConnection> found) throws IOException {
        while (!ConntrackMessages.read(socket.receive(), sequence, found::add)) {}
    }
}
