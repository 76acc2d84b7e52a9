package io.hbone.zds;

import io.hbone.zds.internal.Descriptor;
import io.hbone.zds.internal.Packet;
import io.hbone.zds.internal.SeqpacketListener;
import io.hbone.zds.internal.SeqpacketSocket;
import io.hbone.zds.proto.AddWorkload;
import io.hbone.zds.proto.KeepWorkload;
import io.hbone.zds.proto.WorkloadRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** The agent's end by hand. */
final class StubAgent implements AutoCloseable {
    private final Path path;
    private final SeqpacketListener listener;
    private SeqpacketSocket socket;

    StubAgent(Path path) throws IOException {
        this.path = path;
        listener = SeqpacketListener.bind(path, PosixFilePermissions.fromString("rw-------"), 4096);
    }

    /** Waits for a node, and for its hello. */
    int accept() throws Exception {
        socket = listener.accept();
        return ZdsCodec.readHello(socket.receive());
    }

    void hangUp() {
        socket.close();
    }

    /** Sends and waits for the answer: empty for success. */
    String add(String uid, NetworkNamespace namespace) throws Exception {
        try (namespace) {
            return ask(ZdsCodec.add(Namespaces.workload(uid)), namespace.descriptor());
        }
    }

    String delete(String uid) throws Exception {
        return ask(ZdsCodec.delete(uid), null);
    }

    String keep(String uid) throws Exception {
        return ask(
                WorkloadRequest.newBuilder()
                        .setKeep(KeepWorkload.newBuilder().setUid(uid))
                        .build()
                        .toByteArray(),
                null);
    }

    String addWithoutInfo(String uid, NetworkNamespace namespace) throws Exception {
        try (namespace) {
            return ask(
                    WorkloadRequest.newBuilder()
                            .setAdd(AddWorkload.newBuilder().setUid(uid))
                            .build()
                            .toByteArray(),
                    namespace.descriptor());
        }
    }

    String snapshot() throws Exception {
        return ask(ZdsCodec.snapshotSent(), null);
    }

    String garbage(String text) throws Exception {
        return ask(text.getBytes(StandardCharsets.ISO_8859_1), null);
    }

    String ask(byte[] message, Descriptor attachment) throws Exception {
        tell(message, attachment);
        return answer();
    }

    void tell(byte[] message, Descriptor attachment) throws IOException {
        socket.send(message, attachment);
    }

    /** Null when the node is gone. */
    String answer() throws Exception {
        Packet packet = socket.receive();
        return packet == null ? null : ZdsCodec.readResponse(packet);
    }

    @Override
    public void close() throws IOException {
        if (socket != null) {
            socket.close();
        }
        listener.close();
        Files.deleteIfExists(path);
    }
}
