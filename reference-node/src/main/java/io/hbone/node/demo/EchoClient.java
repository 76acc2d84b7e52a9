package io.hbone.node.demo;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.security.MessageDigest;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** An application that knows nothing of meshes: sends a payload, says that this was all, and reads what comes back. */
final class EchoClient {
    private static final int PATIENCE_MILLIS = 4_000;

    private EchoClient() {}

    /** Makes a connection. */
    interface Dialer {
        Socket connect(int patienceMillis) throws IOException;
    }

    static Exchange exchange(Dialer dialer, Payload payload) {
        byte[] bytes = payload.bytes();
        MessageDigest sentDigest = Payload.sha256();
        sentDigest.update(bytes);
        MessageDigest receivedDigest = Payload.sha256();
        AtomicLong sent = new AtomicLong();
        AtomicReference<@Nullable String> failure = new AtomicReference<>();
        long received = 0;
        long firstByte = -1;
        long begin = System.nanoTime();
        try (Socket socket = dialer.connect(PATIENCE_MILLIS)) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(PATIENCE_MILLIS);
            // Beside the reading: what comes back would else fill all buffers, and nothing would move any more.
            Threads.start("demo-client", () -> send(socket, bytes, sent, failure));
            InputStream in = socket.getInputStream();
            byte[] buffer = new byte[64 * 1024];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                if (firstByte < 0) {
                    firstByte = System.nanoTime() - begin;
                }
                received += n;
                receivedDigest.update(buffer, 0, n);
            }
        } catch (IOException e) {
            failure.compareAndSet(null, String.valueOf(e.getMessage()));
        }
        return new Exchange(
                sent.get(),
                Payload.hex(sentDigest),
                received,
                Payload.hex(receivedDigest),
                firstByte < 0 ? -1 : TimeUnit.NANOSECONDS.toMicros(firstByte),
                failure.get());
    }

    private static void send(Socket socket, byte[] bytes, AtomicLong sent, AtomicReference<@Nullable String> failure) {
        try {
            socket.getOutputStream().write(bytes);
            sent.set(bytes.length);
            socket.shutdownOutput();
        } catch (IOException e) {
            failure.compareAndSet(null, String.valueOf(e.getMessage()));
        }
    }
}
