package io.hbone.identity.process;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.NativeLong;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One process, and no other that gets its id later: by a pidfd (pidfd_open(2)) and by the time it was started (proc(5), field 22
 * of stat). Where the kernel or a sandbox denies pidfds, by the time alone. Safe for use by any thread; the holder closes it.
 */
public final class HeldProcess implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HeldProcess.class);
    private static final AtomicBoolean WARNED = new AtomicBoolean();

    private static final int NO_FD = -1;
    private static final int POLLFD_BYTES = 8;
    private static final int REVENTS_AT = 6;
    private static final int EVENTS_AT = 4;

    /** Field 22 of stat, counted from field 3, which is the first after the name. */
    private static final int START_TIME = 22 - 3;

    private final int pid;
    private final int fd;
    private final long startTime;
    private final AtomicBoolean closed = new AtomicBoolean();

    private HeldProcess(int pid, int fd, long startTime) {
        this.pid = pid;
        this.fd = fd;
        this.startTime = startTime;
    }

    /**
     * Takes hold of the process that has {@code pid} now.
     *
     * @throws IOException when there is none, or it cannot be held
     */
    public static HeldProcess open(int pid) throws IOException {
        if (pid <= 0) {
            throw new IOException("process " + pid + " (expected: a positive id)");
        }
        int fd = pidfd(pid);
        try {
            HeldProcess held = new HeldProcess(pid, fd, startTime(pid));
            if (held.isAlive()) {
                return held;
            }
            throw ended(pid);
        } catch (IOException | RuntimeException e) {
            closeFd(fd);
            throw e;
        }
    }

    /** The process id, which means this process for as long as {@link #isAlive}. */
    public int pid() {
        return pid;
    }

    /** Whether the process that was taken hold of still runs. Once false, always false. */
    public boolean isAlive() {
        if (closed.get() || (fd != NO_FD && hasEnded(fd))) {
            return false;
        }
        try {
            return startTime(pid) == startTime;
        } catch (IOException e) {
            return false;
        }
    }

    /** Those of {@code processes} that run no more: one system call for all that have a pidfd. */
    public static List<HeldProcess> ended(Collection<HeldProcess> processes) {
        List<HeldProcess> polled = new ArrayList<>();
        List<HeldProcess> ended = new ArrayList<>();
        for (HeldProcess process : processes) {
            if (process.fd != NO_FD && !process.closed.get()) {
                polled.add(process);
            } else if (!process.isAlive()) {
                ended.add(process);
            }
        }
        if (polled.isEmpty()) {
            return ended;
        }
        try (Memory descriptors = new Memory((long) POLLFD_BYTES * polled.size())) {
            for (int i = 0; i < polled.size(); i++) {
                long at = (long) POLLFD_BYTES * i;
                descriptors.setInt(at, polled.get(i).fd);
                descriptors.setShort(at + EVENTS_AT, Libc.POLLIN);
                descriptors.setShort(at + REVENTS_AT, (short) 0);
            }
            Libc.INSTANCE.poll(descriptors, new NativeLong(polled.size()), 0);
            for (int i = 0; i < polled.size(); i++) {
                if (descriptors.getShort((long) POLLFD_BYTES * i + REVENTS_AT) != 0) {
                    ended.add(polled.get(i));
                }
            }
        }
        return ended;
    }

    /** Lets go of it; harmless when repeated. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            closeFd(fd);
        }
    }

    @Override
    public String toString() {
        return "process " + pid + " (started at tick " + startTime + ")";
    }

    private static int pidfd(int pid) throws IOException {
        try {
            return Libc.INSTANCE.syscall(Libc.SYS_PIDFD_OPEN, pid, 0).intValue();
        } catch (LastErrorException e) {
            switch (e.getErrorCode()) {
                case Libc.ESRCH -> throw ended(pid);
                case Libc.ENOSYS, Libc.EPERM -> {
                    if (WARNED.compareAndSet(false, true)) {
                        log.warn(
                                "pidfd_open: {} (expected: Linux 5.3 or newer, and a sandbox that lets it through);"
                                        + " processes are told apart by their start time alone",
                                e.getMessage());
                    }
                    return NO_FD;
                }
                case Libc.EMFILE -> throw new IOException("process " + pid + ": no file descriptors left", e);
                default -> throw new IOException("process " + pid + ": pidfd_open: " + e.getMessage(), e);
            }
        }
    }

    private static boolean hasEnded(int fd) {
        try (Memory descriptor = new Memory(POLLFD_BYTES)) {
            descriptor.setInt(0, fd);
            descriptor.setShort(EVENTS_AT, Libc.POLLIN);
            descriptor.setShort(REVENTS_AT, (short) 0);
            Libc.INSTANCE.poll(descriptor, new NativeLong(1), 0);
            return descriptor.getShort(REVENTS_AT) != 0;
        }
    }

    /** In ticks since the machine was started. A zombie has ended, though it still has its id. */
    private static long startTime(int pid) throws IOException {
        String stat;
        try {
            stat = Files.readString(Path.of("/proc", Integer.toString(pid), "stat"), StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            throw ended(pid);
        }
        return startTime(pid, stat);
    }

    /** The name, in parentheses, can hold anything: also parentheses and spaces. */
    static long startTime(int pid, String stat) throws IOException {
        String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ");
        if (fields.length <= START_TIME || stat.indexOf('(') < 0) {
            throw new IOException("/proc/" + pid + "/stat: " + fields.length + " fields after the name (expected: > "
                    + START_TIME + ")");
        }
        if (fields[0].equals("Z") || fields[0].equals("X")) {
            throw ended(pid);
        }
        try {
            return Long.parseLong(fields[START_TIME]);
        } catch (NumberFormatException e) {
            throw new IOException("/proc/" + pid + "/stat: start time (expected: a number)", e);
        }
    }

    private static void closeFd(int fd) {
        if (fd == NO_FD) {
            return;
        }
        try {
            Libc.INSTANCE.close(fd);
        } catch (LastErrorException e) {
            log.debug("close of a pidfd: {}", e.getMessage());
        }
    }

    private static IOException ended(int pid) {
        return new IOException("process " + pid + " has ended (expected: it runs)");
    }
}
