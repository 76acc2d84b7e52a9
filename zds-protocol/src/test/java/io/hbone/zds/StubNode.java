package io.hbone.zds;

import io.hbone.zds.internal.Packet;
import io.hbone.zds.internal.SeqpacketSocket;
import io.hbone.zds.proto.WorkloadRequest;
import io.hbone.zds.proto.ZdsHello;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;

/** The node's end by hand. */
final class StubNode implements AutoCloseable {
    final SeqpacketSocket socket;

    private StubNode(SeqpacketSocket socket) {
        this.socket = socket;
    }

    static StubNode silent(Path path) throws IOException {
        return new StubNode(SeqpacketSocket.connect(path, Duration.ofSeconds(5), 4096));
    }

    static StubNode greeting(Path path) throws IOException {
        StubNode node = silent(path);
        node.socket.send(ZdsCodec.hello(), null);
        return node;
    }

    static StubNode greeting(Path path, int version) throws IOException {
        StubNode node = silent(path);
        node.socket.send(ZdsHello.newBuilder().setVersionValue(version).build().toByteArray(), null);
        return node;
    }

    /** The next request, as {@code add a}, {@code del a}, {@code snapshot}, {@code end}; with {@code +fd} if one came along. */
    String next() throws IOException {
        try (Packet packet = socket.receive()) {
            if (packet == null) {
                return "end";
            }
            WorkloadRequest request = WorkloadRequest.parseFrom(packet.payload());
            String fds = "+fd".repeat(packet.descriptors().size());
            return switch (request.getPayloadCase()) {
                case ADD -> "add " + request.getAdd().getUid() + fds;
                case DEL -> "del " + request.getDel().getUid() + fds;
                case KEEP -> "keep " + request.getKeep().getUid() + fds;
                case SNAPSHOT_SENT -> "snapshot" + fds;
                case PAYLOAD_NOT_SET -> "?";
            };
        }
    }

    void ack() throws IOException {
        nack("");
    }

    void nack(String error) throws IOException {
        socket.send(ZdsCodec.ack(error), null);
    }

    /** Takes the next request and confirms it. */
    String take() throws IOException {
        String next = next();
        if (!next.equals("end")) {
            ack();
        }
        return next;
    }

    void say(String text) throws IOException {
        socket.send(text.getBytes(StandardCharsets.UTF_8), null);
    }

    @Override
    public void close() {
        socket.close();
    }
}
