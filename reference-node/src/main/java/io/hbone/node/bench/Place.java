package io.hbone.node.bench;

import io.hbone.netty.socket.Sockets;
import io.hbone.netty.socket.Transport;
import io.hbone.zds.NetworkNamespace;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Event loops in a network namespace: their threads were started inside and never leave, so that every socket that is made <em>on a
 * loop</em> belongs there. Any thread may ask it for things.
 */
final class Place implements AutoCloseable {
    private final MultiThreadIoEventLoopGroup group;
    private final Sockets sockets;
    private final List<EventLoop> loops;

    private Place(MultiThreadIoEventLoopGroup group, Sockets sockets) {
        this.group = group;
        this.sockets = sockets;
        List<EventLoop> all = new ArrayList<>();
        for (EventExecutor executor : group) {
            all.add((EventLoop) executor);
        }
        this.loops = Collections.unmodifiableList(all);
    }

    /**
     * Starts the loops.
     *
     * @param namespace a name of {@code ip netns}, a process id, or a path; null for where this process is
     * @param threads at least 1
     * @throws BenchException when there is no such namespace, or it may not be entered
     */
    static Place open(@Nullable String namespace, int threads, Transport transport, String name)
            throws BenchException, InterruptedException {
        if (!transport.isAvailable()) {
            throw new BenchException("transport " + transport + " does not work on this machine");
        }
        MultiThreadIoEventLoopGroup group = transport.newEventLoopGroup(threads, name);
        try {
            if (namespace == null) {
                startThreads(group);
            } else {
                try (NetworkNamespace inside = namespace(namespace)) {
                    inside.run(() -> {
                        startThreads(group);
                        return "";
                    });
                }
            }
            return new Place(group, Sockets.of(transport).withKeepalive(null));
        } catch (InterruptedException e) {
            group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            throw e;
        } catch (Exception e) {
            group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            throw new BenchException(
                    "network namespace " + namespace
                            + " (expected: a name of 'ip netns', a process id or a path, and CAP_SYS_ADMIN to enter"
                            + " it): "
                            + e.getMessage(),
                    e);
        }
    }

    private static NetworkNamespace namespace(String text) throws IOException {
        if (text.contains("/")) {
            return NetworkNamespace.open(Path.of(text));
        }
        return text.matches("\\d{1,18}")
                ? NetworkNamespace.ofProcess(Long.parseLong(text))
                : NetworkNamespace.named(text);
    }

    /** A thread lives where the one is that starts it, and a loop starts its thread with its first task. */
    private static void startThreads(EventLoopGroup group) throws InterruptedException {
        for (EventExecutor loop : group) {
            loop.submit(() -> {}).sync();
        }
    }

    EventLoopGroup group() {
        return group;
    }

    Sockets sockets() {
        return sockets;
    }

    /** All loops, in turn. */
    List<EventLoop> loops() {
        return loops;
    }

    /** The loop of the connection of this number. */
    EventLoop loop(int number) {
        return loops.get(number % loops.size());
    }

    /** The time by which all runs go, in nanoseconds since some moment; the same for all loops. */
    long now() {
        return loops.get(0).ticker().nanoTime();
    }

    /** Ends the loops with their connections, and waits for that. */
    @Override
    public void close() {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
    }
}
