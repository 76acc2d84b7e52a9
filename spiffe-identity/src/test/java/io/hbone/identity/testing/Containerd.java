package io.hbone.identity.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

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
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A real containerd in a folder, whose pods have an image that is made here and has one program, which waits for ever; for tests that
 * carry {@code @Tag("peer")}. Networks are what a script does that stands for a CNI plugin. Closing it ends containerd.
 */
public final class Containerd implements AutoCloseable {
    /** pause(2), again and again. */
    private static final byte[] CODE = HexFormat.of().parseHex("b8220000000f05ebf7");

    private static final String IMAGE = "test.local/pause:1";

    private final Path folder;
    private final Process containerd;
    private final UnixChannels channels;

    private Containerd(Path folder, Process containerd) {
        this.folder = folder;
        this.containerd = containerd;
        channels = new UnixChannels(socket(), null);
    }

    /** What is not there, for {@code assumeTrue}; empty when all is. */
    public static String missing() {
        for (String program : List.of("containerd", "ctr", "runc")) {
            if (!isOnPath(program)) {
                return "missing: " + program + " (expected: on PATH, of Debian's containerd and runc)";
            }
        }
        return System.getProperty("os.arch").equals("amd64") ? "" : "the program of the image is one for amd64";
    }

    /**
     * Starts it.
     *
     * @param folder an empty one, for all that it writes
     * @param network a script for {@code sh}, which sets {@code address}, with the length of its prefix, for the pod in {@code $CNI_ARGS},
     *     and makes an interface in {@code $CNI_NETNS} when {@code $CNI_COMMAND} is ADD
     */
    public static Containerd start(Path folder, String network) throws IOException {
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
        String answer =
                "echo '{\"cniVersion\":\"0.4.0\",\"interfaces\":[{\"name\":\"eth0\",\"sandbox\":\"'$CNI_NETNS'\"}],"
                        + "\"ips\":[{\"version\":\"4\",\"address\":\"'$address'\",\"interface\":0}]}'\n";
        script(folder.resolve("cni/fixed"), "#!/bin/sh\ncat > /dev/null\n" + network + "\n" + answer);
        script(folder.resolve("cni/loopback"), "#!/bin/sh\ncat > /dev/null\naddress=127.0.0.1/8\n" + answer);
        Process process = new ProcessBuilder(
                        "containerd", "-c", folder.resolve("config.toml").toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        Containerd started = new Containerd(folder, process);
        try {
            await("containerd").atMost(Duration.ofSeconds(60)).until(() -> started.ctr("version") == 0);
            Files.write(folder.resolve("image.tar"), image());
            if (started.ctr("images", "import", folder.resolve("image.tar").toString()) != 0) {
                throw new IOException("the image was not taken: " + Files.readString(folder.resolve("ctr.log")));
            }
        } catch (IOException | RuntimeException e) {
            started.close();
            throw e;
        }
        return started;
    }

    /** Where it answers CRI. */
    public UnixEndpoint socket() {
        return new UnixEndpoint(folder.resolve("c.sock"));
    }

    /**
     * Runs the sandbox of a pod, as a kubelet has it done.
     *
     * @return its id
     */
    public String runSandbox(String namespace, String name, String uid) {
        UnknownFieldSet metadata = text(1, name).toBuilder()
                .mergeFrom(text(2, uid))
                .mergeFrom(text(3, namespace))
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

    /** Ends its processes, and takes its network away. */
    public void stopSandbox(String id) {
        call("StopPodSandbox", text(1, id));
    }

    /** Removes what is left of it. */
    public void removeSandbox(String id) {
        call("RemovePodSandbox", text(1, id));
    }

    /** Runs {@code ctr}, where Kubernetes' containers are. @return its exit code */
    public int ctr(String... arguments) throws IOException {
        List<String> command =
                new ArrayList<>(List.of("ctr", "-a", socket().path().toString(), "-n", "k8s.io"));
        command.addAll(List.of(arguments));
        try {
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("ctr.log").toFile())
                    .start()
                    .waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    @Override
    public void close() {
        channels.close();
        containerd.destroy();
        try {
            containerd.waitFor(20, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
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
    private static byte[] image() {
        byte[] layer = tar(new String[] {"pause"}, new byte[][] {program()}, 0755);
        String hash = sha256(layer);
        String config = "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Entrypoint\":[\"/pause\"]},"
                + "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" + hash + "\"]}}";
        String manifest = "[{\"Config\":\"config.json\",\"RepoTags\":[\"" + IMAGE + "\"],\"Layers\":[\"layer.tar\"]}]";
        return tar(
                new String[] {"config.json", "layer.tar", "manifest.json"},
                new byte[][] {config.getBytes(UTF_8), layer, manifest.getBytes(UTF_8)},
                0644);
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
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
