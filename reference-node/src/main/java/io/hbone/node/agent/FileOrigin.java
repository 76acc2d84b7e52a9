package io.hbone.node.agent;

import io.hbone.core.TrustDomain;
import io.hbone.enrollment.AgentObserver;
import io.hbone.enrollment.MeshDirectory;
import io.hbone.enrollment.WorkloadSource;
import io.hbone.enrollment.file.FileWorkloads;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A watched file. */
final class FileOrigin implements Origin {
    private static final Logger log = LoggerFactory.getLogger(FileOrigin.class);

    /** A change takes effect within a second: half of it may pass before it is seen. */
    private static final Duration LOOK = Duration.ofMillis(250);

    private final Path file;
    private final ScheduledExecutorService looking;
    private final FileWorkloads workloads;

    /**
     * @param machine whose pods are local
     * @throws io.hbone.xds.file.LocalFileException when the file cannot be used
     */
    FileOrigin(Path file, String machine, TrustDomain trustDomain, MeshDirectory mesh) {
        this.file = file;
        looking = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "file-watch");
            thread.setDaemon(true);
            return thread;
        });
        workloads = new FileWorkloads(file, machine, trustDomain, mesh, looking, LOOK);
        try {
            log.info("machine {}: {} has {}", machine, file, workloads.load());
        } catch (RuntimeException e) {
            looking.shutdownNow();
            throw e;
        }
    }

    @Override
    public WorkloadSource workloads() {
        return workloads;
    }

    @Override
    public List<AgentObserver> observers() {
        return List.of();
    }

    /** Nobody asks a file. */
    @Override
    public void follow(Supplier<MachineStatus> machine) {}

    @Override
    public CompletionStage<Void> known() {
        return CompletableFuture.completedStage(null);
    }

    @Override
    public String kind() {
        return "file";
    }

    @Override
    public String name() {
        return file.toString();
    }

    @Override
    public void close() {
        looking.shutdownNow();
    }
}
