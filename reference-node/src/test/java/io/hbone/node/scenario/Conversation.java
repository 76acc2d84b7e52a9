package io.hbone.node.scenario;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** An open connection to an {@link EchoServer}. Failures say what an application would be told. */
final class Conversation implements AutoCloseable {
    /** Longer than anything takes that is not broken. */
    private static final int PATIENCE_MILLIS = (int) Duration.ofSeconds(30).toMillis();

    private final Socket socket;
    private final BufferedReader in;
    private final InetAddress self;

    private Conversation(Socket socket, InetAddress self) throws IOException {
        this.socket = socket;
        this.self = self;
        this.in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
    }

    /** @param self whom the server must see */
    static Conversation open(SocketChannel channel, InetSocketAddress to, InetAddress self) throws IOException {
        try {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            Socket socket = channel.socket();
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.connect(to, PATIENCE_MILLIS);
            return new Conversation(socket, self);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** The client's. */
    int port() {
        return socket.getLocalPort();
    }

    /** Sends a token and waits for it. */
    void exchange(String token) throws IOException {
        socket.getOutputStream().write((token + "\n").getBytes(StandardCharsets.US_ASCII));
        String answer = in.readLine();
        if (answer == null) {
            throw new IOException("ended by the other side");
        }
        String expected = self.getHostAddress() + " " + token;
        if (!answer.equals(expected)) {
            throw new IOException("answer \"" + answer + "\" (expected: \"" + expected + "\")");
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
