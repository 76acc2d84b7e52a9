package io.hbone.node.traffic;

import static org.awaitility.Awaitility.await;

import java.net.Socket;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** A steady stream of requests from a pod, each on a connection of its own. */
final class Requests implements AutoCloseable {
    private static final int CLIENTS = 8;

    private final AtomicInteger answered = new AtomicInteger();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    private volatile boolean over;

    private Requests() {}

    /** @param rate in a second, where the machine is quick enough */
    static Requests start(Pod from, String address, int port, int rate) {
        Requests requests = new Requests();
        long pause = Duration.ofSeconds(CLIENTS).toNanos() / rate;
        for (int i = 0; i < CLIENTS; i++) {
            requests.clients.execute(() -> {
                try {
                    InPodMesh.in(from, () -> requests.run(address, port, pause));
                } catch (Exception e) {
                    requests.failures.add("a client: " + e);
                }
            });
        }
        return requests;
    }

    private int run(String address, int port, long pause) {
        for (long next = System.nanoTime(); !over; next += pause) {
            for (long wait = next - System.nanoTime(); wait > 0 && !over; wait = next - System.nanoTime()) {
                LockSupport.parkNanos(wait);
            }
            try (Socket socket = new Socket(address, port)) {
                socket.setSoTimeout(10_000);
                socket.getOutputStream().write(42);
                int answer = socket.getInputStream().read();
                if (answer == 42) {
                    answered.incrementAndGet();
                } else {
                    failures.add("answer " + answer);
                }
            } catch (java.io.IOException e) {
                failures.add(e.toString());
            }
        }
        return 0;
    }

    /** Waits until so many more were answered, or one failed. */
    void awaitMore(int count) {
        int goal = answered.get() + count;
        await().atMost(Duration.ofSeconds(60)).until(() -> answered.get() >= goal || !failures.isEmpty());
    }

    Queue<String> failures() {
        return failures;
    }

    @Override
    public void close() {
        over = true;
        clients.shutdown();
    }
}
