package io.hbone.node.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResolverWatchTest {
    @TempDir
    private Path directory;

    private Path file;

    @BeforeEach
    void write() throws IOException {
        file = directory.resolve("resolv.conf");
        Files.writeString(file, "nameserver 10.0.0.1\nsearch one.example\n");
    }

    private static void assertServer(ResolverWatch watch, String address) {
        assertThat(watch.servers()).isEqualTo(List.of(new InetSocketAddress(address, 53)));
    }

    /** GAP of the original, which reads it once (spec/ztunnel.md 12). */
    @Test
    void gap_fileThatChanges_isReadAgain() throws IOException {
        ResolverWatch watch = ResolverWatch.open(file);
        assertServer(watch, "10.0.0.1");

        Files.writeString(file, "nameserver 10.0.0.20\nsearch two.example\n");
        watch.look();

        assertServer(watch, "10.0.0.20");
        assertThat(watch.search()).containsExactly("two.example");
    }

    /** As DHCP clients do it, so that nobody reads half of it. */
    @Test
    void fileThatIsSwapped_isReadAgain() throws IOException {
        ResolverWatch watch = ResolverWatch.open(file);
        Path next = directory.resolve("next");
        Files.writeString(next, "nameserver 10.0.0.2\nsearch two.example\n"); // no longer than before
        Files.setLastModifiedTime(next, Files.getLastModifiedTime(file));
        Files.move(next, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);

        watch.look();

        assertServer(watch, "10.0.0.2");
    }

    @Test
    void fileWithoutServers_orNone_leavesWhatWasSaidBefore() throws IOException {
        ResolverWatch watch = ResolverWatch.open(file);

        Files.writeString(file, "");
        watch.look();
        assertServer(watch, "10.0.0.1");

        Files.delete(file);
        watch.look();
        assertServer(watch, "10.0.0.1");

        Files.writeString(file, "nameserver 10.0.0.3\n");
        watch.look();
        assertServer(watch, "10.0.0.3");
    }

    @Test
    void fileThatComesLater_isRead() throws IOException {
        Files.delete(file);
        ResolverWatch watch = ResolverWatch.open(file);
        assertThat(watch.servers()).isEmpty();

        write();
        watch.look();

        assertServer(watch, "10.0.0.1");
    }
}
