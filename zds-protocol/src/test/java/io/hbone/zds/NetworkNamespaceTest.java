package io.hbone.zds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NetworkNamespaceTest {
    private static final Path HERE = Path.of("/proc/thread-self/ns/net");

    private static String here() throws IOException {
        return Files.readSymbolicLink(HERE).toString();
    }

    @Test
    void sameNamespace_openedInTwoWays_isEqual() throws IOException {
        try (NetworkNamespace current = NetworkNamespace.current();
                NetworkNamespace ofProcess =
                        NetworkNamespace.ofProcess(ProcessHandle.current().pid());
                NetworkNamespace duplicate = current.duplicate()) {
            assertThat(current)
                    .isEqualTo(ofProcess)
                    .hasSameHashCodeAs(ofProcess)
                    .isEqualTo(duplicate);
            assertThat(current).hasToString(here());
        }
    }

    @Test
    void fileThatIsNoNamespace_isRefusedAndClosed() {
        long before = Namespaces.open("/dev/null");
        assertThatThrownBy(() -> NetworkNamespace.open(Path.of("/dev/null")))
                .isInstanceOf(IOException.class)
                .hasMessageMatching("/dev/null: fd \\d+ is something else \\(expected: a network namespace\\)");
        assertThat(Namespaces.open("/dev/null")).isEqualTo(before);
    }

    @Test
    void namespaceOfAnotherKind_isRefused() {
        assertThatThrownBy(() -> NetworkNamespace.open(Path.of("/proc/self/ns/mnt")))
                .hasMessageContaining("(expected: a network namespace)");
    }

    @Test
    void name_thatIsAPath_isRefused() {
        assertThatThrownBy(() -> NetworkNamespace.named("../../proc/1/ns/net"))
                .hasMessage("'../../proc/1/ns/net' as a name of a network namespace (expected: no path)");
    }

    @Test
    void processThatIsGone_saysWhatIsMissing() {
        assertThatThrownBy(() -> NetworkNamespace.ofProcess(Integer.MAX_VALUE))
                .hasMessageContaining("No such file or directory");
    }

    @Test
    void job_inside_seesTheNamespaceAndTheCallerStaysOutside() throws Exception {
        String outside = here();
        try (PodNamespace pod = PodNamespace.create();
                NetworkNamespace inside = pod.open()) {
            assertThat(inside.run(NetworkNamespaceTest::here))
                    .isEqualTo(inside.toString())
                    .isNotEqualTo(outside);
            assertThat(inside.run(() -> Files.readAllLines(Path.of("/proc/thread-self/net/dev"))))
                    .filteredOn(line -> line.contains(":"))
                    .singleElement()
                    .asString()
                    .contains("lo:");
            assertThat(here()).isEqualTo(outside);
        }
    }

    @Test
    void socket_madeInside_staysInsideWhereverItIsUsed() throws Exception {
        try (PodNamespace pod = PodNamespace.create();
                NetworkNamespace inside = pod.open();
                ServerSocket socket = inside.run(() -> new ServerSocket(15008))) {
            assertThat(pod.bash("ss -Hltn")).contains(":15008");
            assertThat(socket.isBound()).isTrue();
        }
    }

    @Test
    void failureOfAJob_isTheCallers() throws Exception {
        try (PodNamespace pod = PodNamespace.create();
                NetworkNamespace inside = pod.open()) {
            assertThatThrownBy(() -> inside.run(() -> {
                        throw new IOException("as it was thrown");
                    }))
                    .isInstanceOf(IOException.class)
                    .hasMessage("as it was thrown");
        }
    }

    @Test
    void namespace_whoseNameIsGone_isStillThereWhileItIsOpen() throws Exception {
        PodNamespace pod = PodNamespace.create();
        try (NetworkNamespace inside = pod.open()) {
            pod.close();
            assertThat(inside.run(NetworkNamespaceTest::here)).isEqualTo(inside.toString());
        }
    }

    @Test
    void closedNamespace_entered_saysSo() throws Exception {
        NetworkNamespace closed = NetworkNamespace.current();
        closed.close();
        assertThatThrownBy(() -> closed.run(() -> 0)).hasMessageContaining("Bad file descriptor");
    }

    @Test
    void namespaceThread_goesFromOneToTheOther() throws Exception {
        try (PodNamespace one = PodNamespace.create();
                PodNamespace two = PodNamespace.create();
                NetworkNamespace first = one.open();
                NetworkNamespace second = two.open();
                NamespaceThread thread = NamespaceThread.start("netns-test")) {
            assertThat(thread.call(first, NetworkNamespaceTest::here)).isEqualTo(first.toString());
            assertThat(thread.call(second, NetworkNamespaceTest::here)).isEqualTo(second.toString());
            assertThat(thread.call(first, NetworkNamespaceTest::here)).isEqualTo(first.toString());
            assertThat(first).isNotEqualTo(second);
        }
    }

    @Test
    void namespaceThread_afterAJobThatFails_goesOn() throws Exception {
        try (NetworkNamespace current = NetworkNamespace.current();
                NamespaceThread thread = NamespaceThread.start("netns-test")) {
            NetworkNamespace closed = NetworkNamespace.current();
            closed.close();
            assertThat(thread.submit(closed, () -> 0)).failsWithin(java.time.Duration.ofSeconds(10));
            assertThatThrownBy(() -> thread.call(Namespaces.pretended(1), () -> 0))
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(() -> thread.call(current, () -> {
                        throw new AssertionError("even an error");
                    }))
                    .isInstanceOf(AssertionError.class);
            assertThat(thread.<String>call(current, NetworkNamespaceTest::here)).isEqualTo(current.toString());
        }
    }

    @Test
    void namespaceThread_closed_rejectsWhatComes() throws Exception {
        try (NetworkNamespace current = NetworkNamespace.current()) {
            NamespaceThread thread = NamespaceThread.start("netns-test");
            thread.close();
            assertThatThrownBy(() -> thread.call(current, () -> 0))
                    .isInstanceOf(RejectedExecutionException.class)
                    .hasMessage("the namespace thread is closed");
        }
    }
}
