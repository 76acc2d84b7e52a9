package io.hbone.node.agent;

import io.hbone.xds.server.AdsServer;
import io.hbone.xds.server.ClientStatus;
import io.hbone.xds.server.MeshResources;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Where nodes learn the mesh: on a unix socket, on a TCP port, on both, or, with neither, elsewhere. Safe for use by any thread. */
final class MeshServers implements AutoCloseable {
    private final List<AdsServer> servers = new CopyOnWriteArrayList<>();

    /**
     * Makes sure that a socket can be listened on, for a file is taken over without a question later.
     *
     * @throws IOException when somebody listens there, or something else is in the way
     */
    static void claim(Path socket) throws IOException {
        Path directory = socket.toAbsolutePath().getParent();
        if (directory != null) {
            Files.createDirectories(directory);
        }
        if (!Files.exists(socket, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (!Files.readAttributes(socket, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .isOther()) {
            throw new IOException(socket + " is in the way (expected: nothing there, or a socket)");
        }
        try (SocketChannel other = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            other.connect(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            return; // nobody is there any more
        }
        throw new IOException(socket + " is in use (expected: one xDS server; --xds-socket names another place)");
    }

    /** Nodes of this user and of root can connect. */
    void listen(MeshResources resources, Path socket) throws IOException {
        claim(socket);
        servers.add(AdsServer.builder(resources).listen(socket));
        Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
    }

    /** Nodes that trust the certificate can connect. @return the port */
    int listen(MeshResources resources, InetSocketAddress address, Path certificate, Path key) throws IOException {
        AdsServer server = AdsServer.builder(resources).tls(certificate, key).listen(address);
        servers.add(server);
        return server.port();
    }

    /** Whether a node is connected, and all that are have answered everything. */
    boolean isDelivered() {
        boolean any = false;
        for (AdsServer server : servers) {
            if (!server.clients().isEmpty()) {
                if (!server.isDelivered()) {
                    return false;
                }
                any = true;
            }
        }
        return any;
    }

    List<ClientStatus> clients() {
        return servers.stream().flatMap(server -> server.clients().stream()).toList();
    }

    @Override
    public void close() {
        servers.forEach(AdsServer::close);
    }
}
