package io.hbone.zds.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SeqpacketSocketTest {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final int F_GETFD = 1;
    private static final int FD_CLOEXEC = 1;

    @TempDir
    private Path directory;

    private Path path;

    @BeforeEach
    void name() {
        path = directory.resolve("s");
    }

    private SeqpacketListener listen(int limit) throws IOException {
        return SeqpacketListener.bind(path, PosixFilePermissions.fromString("rw-------"), limit);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static long openNulls() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.filter(fd -> {
                        try {
                            return Files.readSymbolicLink(fd).toString().equals("/dev/null");
                        } catch (IOException e) {
                            return false;
                        }
                    })
                    .count();
        }
    }

    @Test
    void message_withDescriptor_arrivesWholeWithTheSameFile() throws IOException {
        try (SeqpacketListener listener = listen(64);
                SeqpacketSocket client = SeqpacketSocket.connect(path, PATIENCE, 64);
                SeqpacketSocket server = listener.accept();
                Descriptor sent = Descriptor.open(Path.of("/dev/null"))) {
            client.send(bytes("one"), sent);
            client.send(bytes("two"), null);
            try (Packet one = server.receive();
                    Packet two = server.receive()) {
                assertThat(one.payload()).isEqualTo(bytes("one"));
                assertThat(one.descriptors()).hasSize(1);
                assertThat(one.descriptors().get(0).id()).isEqualTo(sent.id());
                assertThat(one.isCutOff()).isFalse();
                assertThat(one.descriptorsLost()).isFalse();
                assertThat(two.payload()).isEqualTo(bytes("two"));
                assertThat(two.descriptors()).isEmpty();
            }
        }
    }

    @Test
    void everyDescriptor_opened_isClosedOnExec() throws IOException {
        List<Path> before = sockets();
        try (SeqpacketListener listener = listen(64);
                SeqpacketSocket client = SeqpacketSocket.connect(path, PATIENCE, 64);
                SeqpacketSocket server = listener.accept();
                Descriptor opened = Descriptor.open(Path.of("/dev/null"));
                Descriptor copy = opened.duplicate()) {
            client.send(bytes("x"), copy);
            try (Packet packet = server.receive()) {
                Descriptor received = packet.descriptors().get(0);
                for (Descriptor each : new Descriptor[] {opened, copy, received}) {
                    assertThat(each.use("flags", fd -> Libc.C.fcntl(fd, F_GETFD)))
                            .isEqualTo(FD_CLOEXEC);
                }
                List<Path> sockets = sockets();
                sockets.removeAll(before); // others' own
                assertThat(sockets).hasSize(3).allSatisfy(fd -> {
                    int number = Integer.parseInt(fd.getFileName().toString());
                    assertThat(Libc.C.fcntl(number, F_GETFD)).isEqualTo(FD_CLOEXEC);
                });
            }
        }
    }

    private static List<Path> sockets() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.filter(SeqpacketSocketTest::isSocket).collect(Collectors.toCollection(ArrayList::new));
        }
    }

    private static boolean isSocket(Path fd) {
        try {
            return Files.readSymbolicLink(fd).toString().startsWith("socket:");
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void message_beyondTheLimit_isCutOffWithItsSizeAndTheNextIsWhole() throws IOException {
        try (SeqpacketListener listener = listen(8);
                SeqpacketSocket client = SeqpacketSocket.connect(path, PATIENCE, 64);
                SeqpacketSocket server = listener.accept()) {
            client.send(bytes("twelve bytes"), null);
            client.send(bytes("next"), null);
            try (Packet cut = server.receive();
                    Packet next = server.receive()) {
                assertThat(cut.payload()).isEqualTo(bytes("twelve b"));
                assertThat(cut.size()).isEqualTo(12);
                assertThat(cut.isCutOff()).isTrue();
                assertThat(next.payload()).isEqualTo(bytes("next"));
            }
        }
    }

    @Test
    void manyDescriptors_inOneMessage_areAllReceivedAndClosedWithIt() throws IOException {
        long before = openNulls();
        try (RawSender sender = RawSender.open();
                SeqpacketSocket socket = new SeqpacketSocket(sender.theirs, 64);
                Descriptor sent = Descriptor.open(Path.of("/dev/null"))) {
            sender.send(1, sent, MessageMemory.MAX_DESCRIPTORS);
            try (Packet packet = socket.receive()) {
                assertThat(packet.descriptors()).hasSize(MessageMemory.MAX_DESCRIPTORS);
                assertThat(packet.descriptorsLost()).isFalse();
            }
        }
        assertThat(openNulls()).isEqualTo(before);
    }

    @Test
    void descriptorsWithoutRoom_areSeenAsLostAndTheOthersAreClosed() throws IOException {
        long before = openNulls();
        MessageMemory small = new MessageMemory(64, 1);
        try (RawSender sender = RawSender.open();
                Descriptor sent = Descriptor.open(Path.of("/dev/null"))) {
            sender.send(1, sent, 9);
            long size = sender.theirs.use(
                    "receive",
                    fd -> Libc.C
                            .recvmsg(fd, small.toReceive(), Libc.MSG_CMSG_CLOEXEC | Libc.MSG_TRUNC)
                            .longValue());
            try (Packet packet = small.received(size)) {
                assertThat(packet.descriptorsLost()).isTrue();
                assertThat(packet.descriptors()).hasSizeBetween(1, 2);
            }
        }
        assertThat(openNulls()).isEqualTo(before);
    }

    @Test
    void emptyMessage_withDescriptors_isTheEndAndLeaksNothing() throws IOException {
        long before = openNulls();
        try (RawSender sender = RawSender.open();
                SeqpacketSocket socket = new SeqpacketSocket(sender.theirs, 64);
                Descriptor sent = Descriptor.open(Path.of("/dev/null"))) {
            sender.send(0, sent, 3);
            assertThat(socket.receive()).isNull();
        }
        assertThat(openNulls()).isEqualTo(before);
    }

    @Test
    void peer_ofAConnection_isTheProcessThatConnected() throws IOException {
        try (SeqpacketListener listener = listen(64);
                SeqpacketSocket client = SeqpacketSocket.connect(path, PATIENCE, 64);
                SeqpacketSocket server = listener.accept()) {
            assertThat(server.peer().pid())
                    .isEqualTo((int) ProcessHandle.current().pid());
            assertThat(server.peer().uid()).isEqualTo(PeerProcess.ownUid());
            assertThat(client.peer()).isEqualTo(server.peer());
        }
    }

    @Test
    void receive_whenShutDownOrClosedByAnother_ends() throws Exception {
        try (SeqpacketListener listener = listen(64);
                SeqpacketSocket client = SeqpacketSocket.connect(path, PATIENCE, 64);
                SeqpacketSocket server = listener.accept()) {
            CompletableFuture<Packet> received = receiving(server);
            server.close();
            assertThat(received.get(10, TimeUnit.SECONDS)).isNull();
            assertThat(client.receive()).isNull();
        }
    }

    private static CompletableFuture<Packet> receiving(SeqpacketSocket socket) {
        CompletableFuture<Packet> received = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                received.complete(socket.receive());
            } catch (IOException e) {
                received.completeExceptionally(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
        await().until(() -> received.isDone() || thread.getState() == Thread.State.RUNNABLE);
        return received;
    }

    @Test
    void accept_whenClosedByAnother_ends() throws Exception {
        SeqpacketListener listener = listen(64);
        CompletableFuture<SeqpacketSocket> accepted = CompletableFuture.supplyAsync(() -> {
            try {
                return listener.accept();
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        listener.close();
        assertThatThrownBy(() -> accepted.get(10, TimeUnit.SECONDS)).hasMessageContaining("accept on " + path);
    }

    @Test
    void send_whenThePeerTakesNothing_failsAtOnce() throws IOException {
        try (SeqpacketListener listener = listen(64);
                SeqpacketSocket client = SeqpacketSocket.connect(path, PATIENCE, 64);
                SeqpacketSocket server = listener.accept()) {
            assertThatThrownBy(() -> {
                        while (true) {
                            client.send(new byte[64], null);
                        }
                    })
                    .isInstanceOf(UnixException.class)
                    .hasMessageContaining("Resource temporarily unavailable (errno 11)");
        }
    }

    @Test
    void send_toAPeerThatIsGone_saysSo() throws IOException {
        try (SeqpacketListener listener = listen(64);
                SeqpacketSocket client = SeqpacketSocket.connect(path, PATIENCE, 64)) {
            listener.accept().close();
            assertThatThrownBy(() -> client.send(bytes("x"), null)).hasMessage("send 1 bytes: Broken pipe (errno 32)");
        }
    }

    @Test
    void send_beyondTheLimit_isAboutTheMessageAlone() throws IOException {
        try (SeqpacketListener listener = listen(64);
                SeqpacketSocket client = SeqpacketSocket.connect(path, PATIENCE, 4)) {
            assertThatThrownBy(() -> client.send(new byte[5], null))
                    .isInstanceOfSatisfying(
                            UnixException.class,
                            e -> assertThat(e.isAboutTheMessage()).isTrue());
        }
    }

    @Test
    void connect_whereNobodyListens_saysWhereAndWhy() {
        assertThatThrownBy(() -> SeqpacketSocket.connect(path, PATIENCE, 64))
                .hasMessage("connect to " + path + ": No such file or directory (errno 2)");
    }

    @Test
    void path_longerThanTheSystemTakes_isRefusedWithItsLength() {
        assertThatThrownBy(() -> SeqpacketSocket.connect(directory.resolve("x".repeat(120)), PATIENCE, 64))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("bytes (expected: at most 107)");
    }

    @Test
    void descriptor_closedWhileInUse_isGivenBackAfterTheUse() throws IOException {
        Descriptor descriptor = Descriptor.open(Path.of("/dev/null"));
        long[] number = new long[1];
        descriptor.use("hold", fd -> {
            number[0] = fd;
            descriptor.close();
            assertThat(Path.of("/proc/self/fd/" + fd)).exists();
            return 0;
        });
        assertThat(Path.of("/proc/self/fd/" + number[0])).doesNotExist();
        assertThatThrownBy(descriptor::id).hasMessage("stat: Bad file descriptor (errno 9)");
    }
}
