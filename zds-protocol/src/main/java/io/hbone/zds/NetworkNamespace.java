package io.hbone.zds;

import io.hbone.zds.internal.Descriptor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * An open network namespace (network_namespaces(7)): it lives at least as long as this is open, also when its last process has
 * ended and its name is gone. Who opens it closes it. Safe for use by any thread.
 *
 * <p>Two are equal when they are the same namespace, however they were found. That holds as long as one of them is open: the system
 * may give a dead namespace's number to a new one.
 */
public final class NetworkNamespace implements AutoCloseable {
    /** Where {@code ip netns} keeps the names (ip-netns(8)). */
    private static final Path NAMES = Path.of("/var/run/netns");

    private final Descriptor descriptor;
    private final Id id;

    NetworkNamespace(Descriptor descriptor, Id id) {
        this.descriptor = descriptor;
        this.id = id;
    }

    /** Takes over the descriptor, also when it throws. */
    static NetworkNamespace of(Descriptor descriptor) throws IOException {
        try {
            if (!descriptor.isNetworkNamespace()) {
                throw new IOException(descriptor + " is something else (expected: a network namespace)");
            }
            Descriptor.FileId file = descriptor.id();
            return new NetworkNamespace(descriptor, new Id(file.device(), file.inode()));
        } catch (IOException e) {
            descriptor.close();
            throw e;
        }
    }

    /**
     * Opens a namespace by a file that stands for it.
     *
     * @throws IOException when there is no such file, it may not be opened, or is no network namespace
     */
    public static NetworkNamespace open(Path path) throws IOException {
        Descriptor opened = Descriptor.open(path);
        try {
            return of(opened);
        } catch (IOException e) {
            throw new IOException(path + ": " + e.getMessage(), e);
        }
    }

    /** Opens the one that a process lives in. It takes the right to trace that process (ptrace(2)). */
    public static NetworkNamespace ofProcess(long pid) throws IOException {
        return open(Path.of("/proc", Long.toString(pid), "ns/net"));
    }

    /** Opens the one that {@code ip netns} knows by this name. */
    public static NetworkNamespace named(String name) throws IOException {
        Path path = NAMES.resolve(name).normalize();
        if (!NAMES.equals(path.getParent())) {
            throw new IOException("'" + name + "' as a name of a network namespace (expected: no path)");
        }
        return open(path);
    }

    /** Opens the one that the calling thread is in. */
    public static NetworkNamespace current() throws IOException {
        return open(Path.of("/proc/thread-self/ns/net"));
    }

    /** Which one it is. */
    public Id id() {
        return id;
    }

    /** How other programs of this machine open it, such as {@code nsenter --net=}: a path that means it as long as this is open. */
    public Path path() {
        return descriptor.path();
    }

    /** The same one, to be closed on its own. */
    public NetworkNamespace duplicate() throws IOException {
        return new NetworkNamespace(descriptor.duplicate(), id);
    }

    /**
     * Does a job inside, on a new thread that ends with it, and waits for the end. Sockets that the job opens belong to the namespace
     * wherever they are used; threads that it starts stay inside. For many short jobs there is {@link NamespaceThread}.
     *
     * @throws IOException also when the namespace cannot be entered, which takes CAP_SYS_ADMIN
     * @throws InterruptedException when the caller was interrupted; so is the job
     * @throws Exception what the job threw
     */
    public <T> T run(Callable<T> job) throws Exception {
        FutureTask<T> task = new FutureTask<>(() -> {
            enter();
            return job.call();
        });
        Thread thread = new Thread(task, "netns-" + id.inode());
        thread.setDaemon(true);
        thread.start();
        try {
            return task.get();
        } catch (InterruptedException e) {
            task.cancel(true);
            throw e;
        } catch (ExecutionException e) {
            throw NamespaceThread.unwrapped(e);
        }
    }

    /** Takes the calling thread inside for good. */
    void enter() throws IOException {
        descriptor.enterNetworkNamespace();
    }

    Descriptor descriptor() {
        return descriptor;
    }

    /** Gives the file descriptor back; again is fine. Sockets and threads inside keep the namespace alive. */
    @Override
    public void close() {
        descriptor.close();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof NetworkNamespace that && id.equals(that.id);
    }

    @Override
    public int hashCode() {
        return id.hashCode();
    }

    /** As the system writes it: {@code net:[4026531840]}. */
    @Override
    public String toString() {
        return id.toString();
    }

    /**
     * Which namespace.
     *
     * @param device {@code st_dev}
     * @param inode {@code st_ino}
     */
    public record Id(long device, long inode) {
        @Override
        public String toString() {
            return "net:[" + inode + ']';
        }
    }
}
