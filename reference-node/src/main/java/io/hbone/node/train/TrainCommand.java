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
import java.util.Collections;
import java.util.Comparator;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
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

    @Option(
            names = "--seconds",
            defaultValue = "6",
            description = "How long to carry traffic, at least 1 (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Logging.start(LogFormat.PLAIN, LogLevels.DEFAULT, new PrintStream(OutputStream.nullOutputStream()));
        Path directory = Files.createTempDirectory("hbone-train");
        try (Echo echo = Echo.start(TrainingPair.serviceHost());
                TrainingPair pair = TrainingPair.start(echo.port(), directory)) {
            // Half for bytes, half for requests and connections.
            Duration slice = Duration.ofSeconds(Math.max(1, seconds)).dividedBy(6);
            InetSocketAddress entrance = pair.entrance();
            together(1, () -> Traffic.send(entrance, slice));
            together(1, () -> Traffic.receive(entrance, slice));
            together(8, () -> Traffic.send(entrance, slice));
            together(8, () -> Traffic.ask(entrance, slice));
            together(4, () -> Traffic.connect(entrance, slice.dividedBy(2)));
            together(2, () -> Traffic.connect(pair.plainEntrance(), slice.dividedBy(2)));
            together(8, () -> Traffic.receive(entrance, slice));
            read(pair.metrics());
        } finally {
            Logging.stop();
            delete(directory);
        }
        return 0;
    }

    /** Runs {@code task} so many times at once, and waits for all. */
    private static void together(int times, Runnable task) throws InterruptedException {
        ExecutorService clients = Executors.newFixedThreadPool(times);
        try {
            for (Future<?> done : clients.invokeAll(Collections.nCopies(times, Executors.callable(task)))) {
                done.get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("training: " + e.getCause(), e);
        } finally {
            clients.shutdownNow();
        }
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
