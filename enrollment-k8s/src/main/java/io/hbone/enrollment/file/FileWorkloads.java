package io.hbone.enrollment.file;

import io.hbone.core.FileStamp;
import io.hbone.core.TrustDomain;
import io.hbone.enrollment.LocalWorkload;
import io.hbone.enrollment.MeshDirectory;
import io.hbone.enrollment.WorkloadSource;
import io.hbone.xds.Rejection;
import io.hbone.xds.file.LocalFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The workloads of an {@link AgentFile}, which is looked at again and again: mounted files are swapped by symbolic links, and network
 * file systems tell nobody. What the file says of the rest of the mesh goes to a {@link MeshDirectory}. A file that cannot be used
 * changes nothing, and is told of until it can.
 */
public final class FileWorkloads implements WorkloadSource {
    private static final Logger logger = LoggerFactory.getLogger(FileWorkloads.class);

    private final Path path;
    private final String node;
    private final TrustDomain trustDomain;
    private final MeshDirectory mesh;
    private final ScheduledExecutorService executor;
    private final Duration interval;
    private @Nullable FileStamp seen;
    private @Nullable ScheduledFuture<?> task;
    private volatile List<LocalWorkload> workloads = List.of();
    private volatile @Nullable String error;

    /**
     * @param node the name of this machine
     * @param trustDomain of workloads that name none
     * @param executor looks at the file; stays the caller's
     * @param interval between two looks; more than zero
     */
    public FileWorkloads(
            Path path,
            String node,
            TrustDomain trustDomain,
            MeshDirectory mesh,
            ScheduledExecutorService executor,
            Duration interval) {
        this.path = path;
        this.node = node;
        this.trustDomain = trustDomain;
        this.mesh = mesh;
        this.executor = executor;
        this.interval = interval;
    }

    /**
     * Reads the file for the first time.
     *
     * @throws LocalFileException when it cannot be used
     */
    public synchronized AgentFile load() {
        seen = FileStamp.find(path);
        AgentFile file = AgentFile.read(path, node, trustDomain);
        take(file);
        return file;
    }

    /** Begins to look; {@link #load} has succeeded before. */
    @Override
    public synchronized void start(Runnable changed) {
        long nanos = interval.toNanos();
        task = executor.scheduleWithFixedDelay(() -> pollSafely(changed), nanos, nanos, TimeUnit.NANOSECONDS);
        changed.run();
    }

    @Override
    public Collection<LocalWorkload> workloads() {
        return workloads;
    }

    @Override
    public @Nullable String error() {
        return error;
    }

    private void pollSafely(Runnable changed) {
        try {
            if (poll()) {
                changed.run();
            }
        } catch (RuntimeException e) {
            logger.error("{} could not be followed", path, e);
        }
    }

    /** @return whether the workloads may be others now */
    synchronized boolean poll() {
        FileStamp now = FileStamp.find(path);
        if (now != null && now.equals(seen)) {
            return false;
        }
        seen = now;
        try {
            AgentFile file = AgentFile.read(path, node, trustDomain);
            take(file);
            logger.info("{} changed: {}", path, file);
            return true;
        } catch (LocalFileException e) {
            String message = path + ": " + e.getMessage();
            if (!message.equals(error)) {
                logger.warn("not used, what it said before counts: {}", message);
            }
            error = message;
            return false;
        }
    }

    private void take(AgentFile file) {
        List<Rejection> rejections =
                mesh.replace(file.mesh().addresses(), file.mesh().policies());
        workloads = file.local();
        error = rejections.isEmpty() ? null : path + ": not used of it: " + rejections;
        if (!rejections.isEmpty()) {
            logger.warn("{}", error);
        }
    }

    @Override
    public synchronized void close() {
        if (task != null) {
            task.cancel(false);
        }
    }
}
