package io.hbone.node.train;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** The service behind the nodes: sends back what comes, or takes it, as the first byte of a connection says. */
final class Echo implements AutoCloseable {
    /** The first byte of a connection whose bytes are to be thrown away. */
    static final int TAKE = 't';

    /** The first byte of a connection that wants bytes until it is closed. */
    static final int GIVE = 'g';

    /** The first byte of a connection whose bytes are to come back; it comes back, too. */
    static final int ECHO = 'e';

    private static final int CHUNK = 128 * 1024;

    private final ServerSocket listener;

    private Echo(ServerSocket listener) {
        this.listener = listener;
    }

    static Echo start(String host) throws IOException {
        Echo echo = new Echo(new ServerSocket(0, 128, InetAddress.getByName(host)));
        daemon(echo::accept);
        return echo;
    }

    static void daemon(Runnable task) {
        Thread thread = new Thread(task, "training");
        thread.setDaemon(true);
        thread.start();
    }

    int port() {
        return listener.getLocalPort();
    }

    private void accept() {
        while (true) {
            Socket socket;
            try {
                socket = listener.accept();
            } catch (IOException e) {
                return; // it was closed
            }
            daemon(() -> serve(socket));
        }
    }

    private static void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = socket.getInputStream();
            OutputStream out = socket.getOutputStream();
            byte[] buffer = new byte[CHUNK];
            int mode = in.read();
            if (mode == ECHO) {
                out.write(mode);
            }
            while (mode == GIVE) {
                out.write(buffer);
            }
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                if (mode == ECHO) {
                    out.write(buffer, 0, n);
                }
            }
        } catch (IOException e) {
            // The client has seen enough.
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
