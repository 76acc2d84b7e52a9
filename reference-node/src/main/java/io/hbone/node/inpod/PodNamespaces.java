package io.hbone.node.inpod;

import io.hbone.netty.socket.SocketFactory;
import io.hbone.node.config.ConfigException;
import io.hbone.zds.NamespaceThread;
import io.hbone.zds.NetworkNamespace;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes sockets in pods' network namespaces, on one thread that does nothing else. Safe for use by any thread. */
final class PodNamespaces implements AutoCloseable {
    /** The {@link Inside} that a thread makes sockets for at the moment, or the {@link Refusal}. */
    private static final ThreadLocal<Object> AT = new ThreadLocal<>();

    private static final Logger log = LoggerFactory.getLogger(PodNamespaces.class);

    /** Read by the kernel as that of the thread's namespace. */
    private static final Path MIGRATE = Path.of("/proc/sys/net/ipv4/tcp_migrate_req");

    private final NamespaceThread thread;
    private final NetworkNamespace home;

    private PodNamespaces(NamespaceThread thread, NetworkNamespace home) {
        this.thread = thread;
        this.home = home;
    }

    /**
     * Starts the thread.
     *
     * @throws ConfigException when this process may not enter network namespaces
     */
    static PodNamespaces open() {
        NetworkNamespace home;
        try {
            home = NetworkNamespace.current();
        } catch (IOException e) {
            throw new ConfigException(
                    "PROXY_MODE: shared needs to see its own network namespace: " + e.getMessage(), e);
        }
        NamespaceThread thread = NamespaceThread.start("hbone-netns");
        try {
            thread.call(home, () -> "");
            return new PodNamespaces(thread, home);
        } catch (Exception e) {
            thread.close();
            home.close();
            throw new ConfigException(
                    "PROXY_MODE: \"shared\" (expected: CAP_SYS_ADMIN, which it takes to enter the network namespaces of pods; without it"
                            + " PROXY_MODE=dedicated serves the one workload whose namespace the process is in): "
                            + e.getMessage(),
                    e);
        }
    }

    /** Makes sockets inside {@code namespace}, for as long as that is open. */
    SocketFactory in(NetworkNamespace namespace) {
        return new Inside(namespace);
    }

    /** Sockets of one pod. */
    private final class Inside implements SocketFactory {
        private final NetworkNamespace namespace;

        Inside(NetworkNamespace namespace) {
            this.namespace = namespace;
        }

        @Override
        public void enter(Runnable making) {
            AtomicBoolean entered = new AtomicBoolean();
            thread.submit(namespace, () -> {
                        entered.set(true);
                        at(this, making);
                        return "";
                    })
                    .whenComplete((done, failure) -> {
                        if (!entered.get()) {
                            at(new Refusal(String.valueOf(failure.getMessage())), making);
                        }
                    });
        }

        @Override
        public <C extends Channel> C create(ChannelFactory<C> constructor) {
            Object where = AT.get();
            if (where instanceof Refusal refusal) {
                throw new ChannelException("no socket in " + namespace + ": " + refusal.why);
            } else if (!equals(where)) {
                throw new ChannelException("a socket for " + namespace + " outside of it (expected: within enter)");
            }
            return constructor.newChannel();
        }
    }

    private record Refusal(String why) {}

    private static void at(Object where, Runnable making) {
        AT.set(where);
        try {
            making.run();
        } finally {
            AT.remove();
        }
    }

    /**
     * Lets connections that wait in the queue of a listener go over to another process's listener when the first is closed, as in an
     * upgrade; else the kernel resets them. Linux 5.14 and newer; for others, and where {@code /proc/sys} is read-only, those few
     * are lost.
     */
    void keepQueued(NetworkNamespace namespace) {
        thread.submit(namespace, () -> Files.writeString(MIGRATE, "1")).whenComplete((done, failure) -> {
            if (failure != null) {
                log.debug("{} of {} cannot be set: {}", MIGRATE, namespace, failure.toString());
            }
        });
    }

    /** Holds no pod's namespace any more: the one that the thread was in last could not end otherwise. */
    void leave() {
        thread.submit(home, () -> "");
    }

    @Override
    public void close() {
        thread.close();
        home.close();
    }
}
