package io.hbone.netty.proxy;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Applications as they are: blocking sockets of the JDK, which know nothing of a mesh. */
final class Applications {

    static final int PATIENCE_MILLIS = 20_000;

    private Applications() {}

    /** What an application does with a connection. */
    interface Service {
        void serve(Socket connection) throws Exception;
    }

    /** Listens on a loopback port and serves each connection on a thread of its own. */
    static Listening listen(Service service) {
        return new Listening(service);
    }

    /** Sends back what it gets, and its FIN after the client's. */
    static Listening echo() {
        return listen(connection -> {
            connection.getInputStream().transferTo(connection.getOutputStream());
            connection.shutdownOutput();
        });
    }

    /** Accepts and leaves the rest to the test. */
    static Listening manual() {
        return new Listening(null);
    }

    static Socket connect(InetSocketAddress address) throws IOException {
        Socket socket = new Socket();
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.connect(address, PATIENCE_MILLIS);
        return socket;
    }

    /** Closes with RST. */
    static void reset(Socket socket) throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /** Reads until the other end is done: its FIN, or a reset, which TCP makes of a close that leaves something unread. */
    static long readToTheEnd(Socket socket) throws IOException {
        byte[] buffer = new byte[64 * 1024];
        long total = 0;
        try {
            InputStream in = socket.getInputStream();
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                total += n;
            }
        } catch (SocketException e) {
            return total;
        }
        return total;
    }

    /** A listening application. */
    static final class Listening implements AutoCloseable {
        private final ServerSocket listener;
        private final BlockingQueue<Socket> accepted = new LinkedBlockingQueue<>();

        private Listening(@org.jspecify.annotations.Nullable Service service) {
            try {
                listener = new ServerSocket(0, 512, InetAddress.getLoopbackAddress());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            daemon(() -> {
                while (true) {
                    Socket connection = listener.accept();
                    connection.setSoTimeout(PATIENCE_MILLIS);
                    accepted.add(connection);
                    if (service != null) {
                        daemon(() -> {
                            try (connection) {
                                service.serve(connection);
                            }
                        });
                    }
                }
            });
        }

        InetSocketAddress address() {
            return (InetSocketAddress) listener.getLocalSocketAddress();
        }

        /** The next connection that was accepted. */
        Socket next() throws InterruptedException {
            Socket socket = accepted.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
            if (socket == null) {
                throw new AssertionError("no connection came");
            }
            return socket;
        }

        /** How many connections came and were not asked for. */
        int waiting() {
            return accepted.size();
        }

        @Override
        public void close() throws IOException {
            listener.close();
            for (Socket socket = accepted.poll(); socket != null; socket = accepted.poll()) {
                socket.close();
            }
        }
    }

    /** Something that may fail because a test has ended. */
    interface Task {
        void run() throws Exception;
    }

    static Thread daemon(Task task) {
        Thread thread = new Thread(() -> {
            try {
                task.run();
            } catch (IOException e) {
                // the test closed it, or wanted it to break
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
        return thread;
    }
}
