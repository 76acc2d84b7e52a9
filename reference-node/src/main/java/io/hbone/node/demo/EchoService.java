package io.hbone.node.demo;

import io.hbone.node.text.Ip;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.MessageDigest;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * An application that knows nothing of meshes: what comes goes back, until the client has sent everything. Plain blocking
 * sockets, so that nothing of the node is under test on both sides.
 */
final class EchoService implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 10_000;

    private final ServerSocket listener;
    private final List<Served> served = new CopyOnWriteArrayList<>();

    private EchoService(ServerSocket listener) {
        this.listener = listener;
    }

    static EchoService start(InetSocketAddress at) throws IOException {
        ServerSocket listener = new ServerSocket();
        try {
            listener.bind(at);
        } catch (IOException e) {
            listener.close();
            throw new IOException("echo service on " + Ip.format(at) + ": " + e.getMessage(), e);
        }
        EchoService service = new EchoService(listener);
        Threads.start("demo-echo", service::accept);
        return service;
    }

    InetSocketAddress address() {
        return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    /** The connections that are over, in their order. */
    List<Served> served() {
        return List.copyOf(served);
    }

    private void accept() {
        while (true) {
            Socket socket;
            try {
                socket = listener.accept();
            } catch (IOException e) {
                return; // it was closed
            }
            Threads.start("demo-echo-connection", () -> serve(socket));
        }
    }

    private void serve(Socket socket) {
        MessageDigest digest = Payload.sha256();
        long received = 0;
        long sent = 0;
        String peer = Ip.format(((InetSocketAddress) socket.getRemoteSocketAddress()).getAddress());
        try (socket) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.setTcpNoDelay(true);
            InputStream in = socket.getInputStream();
            OutputStream out = socket.getOutputStream();
            byte[] buffer = new byte[64 * 1024];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                received += n;
                digest.update(buffer, 0, n);
                out.write(buffer, 0, n);
                sent += n;
            }
        } catch (IOException e) {
            // What is missing is seen in the numbers.
        }
        served.add(new Served(peer, received, Payload.hex(digest), sent));
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
