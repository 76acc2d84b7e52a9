package io.hbone.zds.internal;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.NativeLong;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.file.Path;

/**
 * A file descriptor and the duty to close it. Any thread. Closing while a call uses it waits for nobody: the number is given back
 * to the system after the last use, so it can never come to mean another file in the middle of a call.
 */
public final class Descriptor implements AutoCloseable {
    private static final int STATX_BYTES = 256;
    private static final int STATX_INODE_AT = 32;
    private static final int STATX_DEVICE_AT = 136;

    private final int number;
    private int uses = 1; // the owner's
    private boolean closed;

    Descriptor(int number) {
        this.number = number;
    }

    /** Opens for reading. */
    public static Descriptor open(Path path) throws IOException {
        try {
            return new Descriptor(Libc.C.open(path.toString(), Libc.O_CLOEXEC));
        } catch (LastErrorException e) {
            throw UnixException.of("open " + path, e);
        }
    }

    /** The same open file under another number, closed on its own. */
    public Descriptor duplicate() throws IOException {
        return new Descriptor((int) use("duplicate", fd -> Libc.C.fcntl(fd, Libc.F_DUPFD_CLOEXEC, 0)));
    }

    /** How other processes open the same file, as long as this is open; it takes the right to trace this one (ptrace(2)). */
    public Path path() {
        return Path.of("/proc", Long.toString(ProcessHandle.current().pid()), "fd", Integer.toString(number));
    }

    /** Which file it is: two descriptors with an equal id are the same file, as long as one of them is open. */
    public FileId id() throws IOException {
        Memory found = new Memory(STATX_BYTES);
        try {
            use("stat", fd -> Libc.C.statx(fd, "", Libc.AT_EMPTY_PATH, Libc.STATX_INO, found));
            long device = Integer.toUnsignedLong(found.getInt(STATX_DEVICE_AT)) << 32
                    | Integer.toUnsignedLong(found.getInt(STATX_DEVICE_AT + 4));
            return new FileId(device, found.getLong(STATX_INODE_AT));
        } finally {
            Reference.reachabilityFence(found);
        }
    }

    /** Whether it is a network namespace. */
    public boolean isNetworkNamespace() throws IOException {
        try {
            return use("ask for the kind", fd -> Libc.C.ioctl(fd, new NativeLong(Libc.NS_GET_NSTYPE)))
                    == Libc.CLONE_NEWNET;
        } catch (UnixException e) {
            synchronized (this) {
                if (closed) {
                    throw e;
                }
            }
            return false; // not a namespace at all
        }
    }

    /** Takes the calling thread, and threads that it will start, into this network namespace. */
    public void enterNetworkNamespace() throws IOException {
        use("enter a network namespace (it takes CAP_SYS_ADMIN)", fd -> Libc.C.setns(fd, Libc.CLONE_NEWNET));
    }

    /**
     * Calls with the number, again after an interruption by a signal.
     *
     * @throws UnixException also when this is closed
     */
    long use(String what, Call call) throws IOException {
        synchronized (this) {
            if (closed) {
                throw new UnixException(what, Libc.EBADF);
            }
            uses++;
        }
        try {
            while (true) {
                try {
                    return call.apply(number);
                } catch (LastErrorException e) {
                    if (e.getErrorCode() != Libc.EINTR) {
                        throw UnixException.of(what, e);
                    }
                }
            }
        } finally {
            release();
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        release();
    }

    private void release() {
        synchronized (this) {
            if (--uses > 0) {
                return;
            }
        }
        try {
            Libc.C.close(number);
        } catch (LastErrorException e) {
            // Linux gives the number back whatever it answers.
        }
    }

    @Override
    public String toString() {
        return "fd " + number;
    }

    /** A system call on a file descriptor. */
    @FunctionalInterface
    interface Call {
        long apply(int fd) throws IOException;
    }

    /** A file: its device and its inode, as {@code stat} tells them. */
    public record FileId(long device, long inode) {}
}
