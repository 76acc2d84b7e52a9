package io.hbone.node.train;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;

/** The kinds of connections that a node sees. Each blocks until it is told that it is over. */
final class Traffic {
    private static final int CHUNK = 128 * 1024;
    private static final int REQUEST = 100;

    private Traffic() {}

    private interface Use {
        void run(InputStream in, OutputStream out) throws IOException;
    }

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Sends as fast as it goes. */
    static void send(InetSocketAddress to, BooleanSupplier over) {
        byte[] chunk = new byte[CHUNK];
        connection(to, Echo.TAKE, (in, out) -> {
            while (!over.getAsBoolean()) {
                out.write(chunk);
            }
        });
    }

    /** Receives as fast as it goes. */
    static void receive(InetSocketAddress from, BooleanSupplier over) {
        byte[] chunk = new byte[CHUNK];
        connection(from, Echo.GIVE, (in, out) -> {
            while (!over.getAsBoolean() && in.read(chunk) >= 0) {
                // the next
            }
        });
    }

    /** One small request after another on one connection. */
    static void ask(InetSocketAddress whom, BooleanSupplier over) {
        byte[] request = new byte[REQUEST];
        connection(whom, Echo.ECHO, (in, out) -> {
            in.read();
            while (!over.getAsBoolean()) {
                out.write(request);
                in.readNBytes(REQUEST);
            }
        });
    }

    /** One connection after another, with one byte each. */
    static void connect(InetSocketAddress whom, BooleanSupplier over) {
        while (!over.getAsBoolean()) {
            connection(whom, Echo.ECHO, (in, out) -> in.read());
        }
    }

    private static void connection(InetSocketAddress to, int mode, Use use) {
        try (Socket socket = new Socket(to.getAddress(), to.getPort())) {
            socket.setTcpNoDelay(true);
            OutputStream out = socket.getOutputStream();
            out.write(mode);
            use.run(socket.getInputStream(), out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
