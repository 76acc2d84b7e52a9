package io.hbone.node.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.xds.server.MeshResources;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two agents, agents that died, and other things in the way. */
class AgentSocketsTest {
    @TempDir
    private Path folder;

    @Test
    void xdsSocket_thatSomebodyListensOn_isLeftToThem() throws IOException {
        Path socket = folder.resolve("xds.sock");
        try (MeshServers first = new MeshServers();
                MeshServers second = new MeshServers()) {
            first.listen(new MeshResources(), socket);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
                    .isEqualTo("rw-------");
            assertThatThrownBy(() -> second.listen(new MeshResources(), socket))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("is in use (expected: one xDS server");
            assertThat(first.isDelivered()).isFalse();
        }
        assertThat(socket).doesNotExist();
    }

    @Test
    void xdsSocket_ofAServerThatDied_isTakenOver() throws IOException {
        Path socket = folder.resolve("deeper/xds.sock");
        Files.createDirectories(folder.resolve("deeper"));
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(socket));
        }
        assertThat(socket).exists();
        try (MeshServers servers = new MeshServers()) {
            assertThatCode(() -> servers.listen(new MeshResources(), socket)).doesNotThrowAnyException();
        }
    }

    @Test
    void file_thatIsNoSocket_isNotRemoved() throws IOException {
        Path file = Files.writeString(folder.resolve("xds.sock"), "precious");
        assertThatThrownBy(() -> MeshServers.claim(file)).hasMessageContaining("is in the way");
        assertThat(file).hasContent("precious");
    }

    @Test
    void lock_isOneAgents_andTheNextOnesAfterIt() throws IOException {
        Path socket = folder.resolve("run/zds.sock");
        try (AgentLock held = AgentLock.take(socket)) {
            assertThat(held).isNotNull();
            assertThatThrownBy(() -> AgentLock.take(socket))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("zds.sock.lock is locked by another agent");
        }
        AgentLock.take(socket).close();
    }
}
