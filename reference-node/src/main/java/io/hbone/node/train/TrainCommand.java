package io.hbone.node.train;

import io.hbone.node.config.LogFormat;
import io.hbone.node.config.LogLevels;
import io.hbone.node.telemetry.Logging;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code hbone train}: what the launcher runs once after a build, with a JVM that records. */
@Command(
        name = "train",
        hidden = true,
        description = "Carries traffic between two nodes in this process, for a JVM that records an AOT cache.",
        mixinStandardHelpOptions = true)
public final class TrainCommand implements Callable<Integer> {
    private static final long POLL_MILLIS = 20;

    /** How much longer than its processor time a share of the training may take. */
    private static final int MAX_SLOWDOWN = 3;

    @Option(
            names = "--seconds",
            defaultValue = "12",
            description = "How much processor time to spend on traffic, at least 1 (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(
            names = "--alone",
            description =
                    "Train nodes that have a mesh of their own, and not those of a cluster with its control plane.")
    private boolean alone;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Logging.start(LogFormat.PLAIN, LogLevels.DEFAULT, new PrintStream(OutputStream.nullOutputStream()));
        Path directory = Files.createTempDirectory("hbone-train");
        try (Echo echo = Echo.start(TrainingPair.serviceHost());
                TrainingPair pair = start(echo.port(), directory)) {
            // Half for bytes, half for requests and connections. By processor time: a busy machine must not learn less.
            Duration slice = Duration.ofSeconds(Math.max(1, seconds)).dividedBy(6);
            InetSocketAddress entrance = pair.entrance();
            together(1, slice, over -> Traffic.send(entrance, over));
            together(1, slice, over -> Traffic.receive(entrance, over));
            together(8, slice, over -> Traffic.send(entrance, over));
            together(8, slice, over -> Traffic.ask(entrance, over));
            together(4, slice.dividedBy(2), over -> Traffic.connect(entrance, over));
            together(2, slice.dividedBy(2), over -> Traffic.connect(pair.plainEntrance(), over));
            together(8, slice, over -> Traffic.receive(entrance, over));
            read(pair.metrics());
        } finally {
            Logging.stop();
            delete(directory);
        }
        return 0;
    }

    private TrainingPair start(int port, Path directory) throws IOException {
        return alone ? TrainingPair.alone(port, directory) : TrainingPair.inCluster(port, directory);
    }

    /** Lets so many carry {@code traffic} at once until this process has used {@code time} of the processors, and waits for all. */
    private static void together(int times, Duration time, Consumer<BooleanSupplier> traffic)
            throws InterruptedException {
        AtomicBoolean over = new AtomicBoolean();
        ExecutorService clients = Executors.newFixedThreadPool(times);
        try {
            List<Future<?>> all = Stream.<Future<?>>generate(() -> clients.submit(() -> traffic.accept(over::get)))
                    .limit(times)
                    .toList();
            Duration end = processorTime().plus(time);
            long latest = System.nanoTime() + time.toNanos() * MAX_SLOWDOWN;
            while (processorTime().compareTo(end) < 0
                    && System.nanoTime() < latest
                    && !all.get(0).isDone()) {
                Thread.sleep(POLL_MILLIS);
            }
            over.set(true);
            for (Future<?> done : all) {
                done.get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("training: " + e.getCause(), e);
        } finally {
            over.set(true);
            clients.shutdownNow();
        }
    }

    /** What this process has used of the processors; where the system does not tell, what a clock shows. */
    private static Duration processorTime() {
        return ProcessHandle.current().info().totalCpuDuration().orElseGet(() -> Duration.ofNanos(System.nanoTime()));
    }

    private static void read(InetSocketAddress page) throws IOException {
        try (Socket socket = new Socket(page.getAddress(), page.getPort())) {
            socket.getOutputStream()
                    .write(Traffic.ascii("GET /metrics HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n"));
            socket.getInputStream().transferTo(OutputStream.nullOutputStream());
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
