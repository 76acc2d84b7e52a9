package io.hbone.node.scenario;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** An application that answers each line with the client's address as it sees it, and the line. */
final class EchoServer implements AutoCloseable {
    private final ServerSocketChannel listener;
    private final Set<SocketChannel> open = ConcurrentHashMap.newKeySet();
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "echo");
        thread.setDaemon(true);
        return thread;
    });

    EchoServer(ServerSocketChannel listener) {
        this.listener = listener;
        threads.execute(this::accept);
    }

    private void accept() {
        while (listener.isOpen()) {
            try {
                SocketChannel accepted = listener.accept();
                open.add(accepted);
                threads.execute(() -> serve(accepted));
            } catch (IOException e) {
                // Closed, or the client has gone already.
            }
        }
    }

    private void serve(SocketChannel channel) {
        try (Socket socket = channel.socket();
                BufferedReader in =
                        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))) {
            String peer = socket.getInetAddress().getHostAddress();
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                socket.getOutputStream().write((peer + " " + line + "\n").getBytes(StandardCharsets.US_ASCII));
            }
        } catch (IOException e) {
            // The client sees it too, and tells.
        } finally {
            open.remove(channel);
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
            for (SocketChannel channel : open) {
                channel.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            threads.shutdown();
        }
    }
}
