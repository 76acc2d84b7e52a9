package io.hbone.identity.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.UnknownFieldSet.Field;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.internal.UnixChannels;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real containerd with a real container: the sandbox of a pod, from an image that is made here and has one program, in a network
 * namespace of its own.
 */
@Tag("peer")
@Tag("root")
class ContainerdPeerTest {
    /** Waits for ever: pause(2), again and again. */
    private static final byte[] CODE = HexFormat.of().parseHex("b8220000000f05ebf7");

    private static final String IMAGE = "test.local/pause:1";

    /** Mounts may outlive a test that fails. */
    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path folder;

    private final String uid = UUID.randomUUID().toString();
    private Process containerd;
    private UnixChannels channels;

    @BeforeEach
    void start() throws Exception {
        for (String program : new String[] {"containerd", "ctr", "runc"}) {
            assumeTrue(
                    isOnPath(program), "missing: " + program + " (expected: on PATH, of Debian's containerd and runc)");
        }
        assumeTrue(System.getProperty("os.arch").equals("amd64"), "the program of the image is one for amd64");
        Files.writeString(folder.resolve("config.toml"), """
            version = 2
            root = "%1$s/root"
            state = "%1$s/state"
            [grpc]
              address = "%1$s/c.sock"
            [plugins."io.containerd.grpc.v1.cri"]
              sandbox_image = "%2$s"
              restrict_oom_score_adj = true
              [plugins."io.containerd.grpc.v1.cri".containerd]
                snapshotter = "native"
              [plugins."io.containerd.grpc.v1.cri".cni]
                bin_dir = "%1$s/cni"
                conf_dir = "%1$s/cni"
            """.formatted(folder, IMAGE));
        Files.createDirectory(folder.resolve("cni"));
        Files.writeString(
                folder.resolve("cni/10.conflist"),
                "{\"cniVersion\":\"0.4.0\",\"name\":\"t\",\"plugins\":[{\"type\":\"fixed\"}]}");
        for (String plugin : new String[] {"fixed", "loopback"}) {
            script(
                    folder.resolve("cni/" + plugin),
                    "#!/bin/sh\n"
                            + "cat > /dev/null\n"
                            + "echo '{\"cniVersion\":\"0.4.0\",\"interfaces\":[{\"name\":\"eth0\",\"sandbox\":\"'$CNI_NETNS'\"}],\"ips\":[{\"version\":\"4\",\"address\":\"10.80.0.2/24\",\"interface\":0}]}'\n");
        }
        containerd = new ProcessBuilder(
                        "containerd", "-c", folder.resolve("config.toml").toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        await().atMost(Duration.ofSeconds(60)).until(() -> run("version") == 0);
        Files.write(folder.resolve("image.tar"), image());
        assertThat(run(
                        "-n",
                        "k8s.io",
                        "images",
                        "import",
                        folder.resolve("image.tar").toString()))
                .isZero();
        channels = new UnixChannels(new UnixEndpoint(folder.resolve("c.sock")), null);
    }

    @AfterEach
    void stop() throws Exception {
        if (channels != null) {
            channels.close();
        }
        if (containerd != null) {
            containerd.destroy();
            containerd.waitFor(20, TimeUnit.SECONDS);
        }
    }

    @Test
    void networkOfAPodOfContainerd_isFoundByFileAndByProcess_untilItEnds() throws Exception {
        String id = runSandbox();
        try (CriSandboxes sandboxes =
                new CriSandboxes(new UnixEndpoint(folder.resolve("c.sock")), Duration.ofSeconds(20))) {
            try {
                SandboxNetwork network =
                        sandboxes.ofPod(uid).toCompletableFuture().get(30, TimeUnit.SECONDS);
                assertThat(network.pid()).isPositive();
                assertThat(network.path()).startsWith("/var/run/netns/");
                Path ofProcess = Path.of("/proc/" + network.pid() + "/ns/net");
                assertThat(inode(Path.of(network.path()))).isEqualTo(inode(ofProcess));
                assertThat(inode(ofProcess)).isNotEqualTo(inode(Path.of("/proc/self/ns/net")));
            } finally {
                call("StopPodSandbox", text(1, id));
            }
            assertThatThrownBy(() -> sandboxes.ofPod(uid).toCompletableFuture().get(30, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(NoProcessException.class);
        } finally {
            call("RemovePodSandbox", text(1, id));
        }
    }

    private static Object inode(Path file) throws IOException {
        return Files.getAttribute(file, "unix:ino");
    }

    private String runSandbox() {
        UnknownFieldSet metadata = text(1, "p").toBuilder()
                .mergeFrom(text(2, uid))
                .mergeFrom(text(3, "shop"))
                .build();
        UnknownFieldSet label = text(1, "io.kubernetes.pod.uid").toBuilder()
                .mergeFrom(text(2, uid))
                .build();
        UnknownFieldSet config = message(1, metadata).toBuilder()
                .mergeFrom(text(3, folder.toString()))
                .mergeFrom(message(6, label))
                .build();
        UnknownFieldSet answer = call("RunPodSandbox", message(1, config));
        return answer.getField(1).getLengthDelimitedList().get(0).toStringUtf8();
    }

    /** Of the parts of the interface that only tests need, by the numbers of their fields. */
    private UnknownFieldSet call(String method, UnknownFieldSet request) {
        ManagedChannel channel = channels.channel();
        MethodDescriptor<Empty, Empty> descriptor = MethodDescriptor.<Empty, Empty>newBuilder()
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName("runtime.v1.RuntimeService/" + method)
                .setRequestMarshaller(ProtoUtils.marshaller(Empty.getDefaultInstance()))
                .setResponseMarshaller(ProtoUtils.marshaller(Empty.getDefaultInstance()))
                .build();
        return ClientCalls.blockingUnaryCall(
                        channel,
                        descriptor,
                        CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS),
                        Empty.newBuilder().setUnknownFields(request).build())
                .getUnknownFields();
    }

    private static UnknownFieldSet text(int number, String value) {
        return bytes(number, ByteString.copyFromUtf8(value));
    }

    private static UnknownFieldSet message(int number, UnknownFieldSet value) {
        return bytes(number, value.toByteString());
    }

    private static UnknownFieldSet bytes(int number, ByteString value) {
        return UnknownFieldSet.newBuilder()
                .addField(number, Field.newBuilder().addLengthDelimited(value).build())
                .build();
    }

    private int run(String... arguments) throws Exception {
        List<String> command =
                new ArrayList<>(List.of("ctr", "-a", folder.resolve("c.sock").toString()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("ctr.log").toFile())
                .start()
                .waitFor();
    }

    private static boolean isOnPath(String program) {
        for (String each : System.getenv("PATH").split(":")) {
            if (Files.isExecutable(Path.of(each, program))) {
                return true;
            }
        }
        return false;
    }

    private static void script(Path file, String text) throws IOException {
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** As {@code docker save} writes it: one layer, with {@code /pause} alone. */
    private static byte[] image() throws Exception {
        byte[] layer = tar(new String[] {"pause"}, new byte[][] {program()}, 0755);
        String hash =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(layer));
        String config = "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Entrypoint\":[\"/pause\"]},"
                + "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" + hash + "\"]}}";
        String manifest = "[{\"Config\":\"config.json\",\"RepoTags\":[\"" + IMAGE + "\"],\"Layers\":[\"layer.tar\"]}]";
        return tar(
                new String[] {"config.json", "layer.tar", "manifest.json"},
                new byte[][] {config.getBytes(UTF_8), layer, manifest.getBytes(UTF_8)},
                0644);
    }

    /** An ELF file of one segment. */
    private static byte[] program() {
        long base = 0x400000;
        int headers = 64 + 56;
        ByteBuffer elf = ByteBuffer.allocate(headers + CODE.length).order(ByteOrder.LITTLE_ENDIAN);
        elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0}).putLong(0);
        elf.putShort((short) 2).putShort((short) 62).putInt(1);
        elf.putLong(base + headers).putLong(64).putLong(0).putInt(0);
        elf.putShort((short) 64).putShort((short) 56).putShort((short) 1);
        elf.putShort((short) 64).putShort((short) 0).putShort((short) 0);
        elf.putInt(1).putInt(5).putLong(0).putLong(base).putLong(base);
        elf.putLong(elf.capacity()).putLong(elf.capacity()).putLong(0x1000);
        return elf.put(CODE).array();
    }

    /** ustar(5). */
    private static byte[] tar(String[] names, byte[][] contents, int mode) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < names.length; i++) {
            byte[] header = new byte[512];
            put(header, 0, names[i]);
            put(header, 100, "%07o".formatted(mode));
            put(header, 108, "0000000");
            put(header, 116, "0000000");
            put(header, 124, "%011o".formatted(contents[i].length));
            put(header, 136, "00000000000");
            put(header, 148, "        ");
            header[156] = '0';
            put(header, 257, "ustar");
            put(header, 263, "00");
            int sum = 0;
            for (byte each : header) {
                sum += each & 0xff;
            }
            put(header, 148, "%06o\0 ".formatted(sum));
            out.writeBytes(header);
            out.writeBytes(contents[i]);
            out.writeBytes(new byte[(512 - contents[i].length % 512) % 512]);
        }
        out.writeBytes(new byte[1024]);
        return out.toByteArray();
    }

    private static void put(byte[] header, int at, String text) {
        byte[] bytes = text.getBytes(UTF_8);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }
}
