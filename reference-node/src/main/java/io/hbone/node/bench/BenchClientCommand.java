package io.hbone.node.bench;

import io.hbone.node.config.LogFormat;
import io.hbone.node.config.LogLevels;
import io.hbone.node.telemetry.Logging;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hbone bench client}: 0 when all was measured without an error, 2 when there were errors, 1 when it could not be measured. */
@Command(
        name = "client",
        description = {
            "Measures the way to an 'hbone bench server': send and receive (throughput), latency (requests at a fixed"
                    + " rate, counted from when each was due, sent or not), requests (as many as go), connections (new"
                    + " ones, as many as go)."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:all was measured",
            "1:something could not be measured; it is said what happened to whom",
            "2:all was measured, but there were errors or requests without an answer"
        },
        mixinStandardHelpOptions = true)
final class BenchClientCommand implements Callable<Integer> {
    private static final int EXIT_FAILED = 1;
    private static final int EXIT_ERRORS = 2;

    @Parameters(index = "0", paramLabel = "HOST:PORT", description = "The server, or what leads to it.")
    private String server = "";

    @Option(
            names = "--what",
            paramLabel = "KIND",
            split = ",",
            description = "send, receive, latency, requests, connections; several with commas (default: all).")
    private List<String> what = List.of();

    @Option(
            names = "--connections",
            paramLabel = "N",
            defaultValue = "8",
            description = "How many at a time, 1 to 50000 (default: ${DEFAULT-VALUE}).")
    private int connections;

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "1000",
            description = "Requests a second of latency (default: ${DEFAULT-VALUE}).")
    private double rate;

    @Option(
            names = "--request",
            paramLabel = "BYTES",
            defaultValue = "100",
            description = "Of a request and of its answer, 1 to 1048576 (default: ${DEFAULT-VALUE}).")
    private int requestSize;

    @Option(
            names = "--write",
            paramLabel = "BYTES",
            defaultValue = "65536",
            description = "Of a write of send and receive, 1 to 1048576 (default: ${DEFAULT-VALUE}).")
    private int writeSize;

    @Option(
            names = "--warm-up",
            paramLabel = "SECONDS",
            defaultValue = "2",
            description = "Before each measurement (default: ${DEFAULT-VALUE}).")
    private double warmUp;

    @Option(
            names = "--duration",
            paramLabel = "SECONDS",
            defaultValue = "5",
            description = "Of each measurement (default: ${DEFAULT-VALUE}).")
    private double duration;

    @Option(
            names = "--repeats",
            paramLabel = "N",
            defaultValue = "3",
            description = "How often all is measured (default: ${DEFAULT-VALUE}).")
    private int repeats;

    @Option(
            names = "--patience",
            paramLabel = "SECONDS",
            defaultValue = "5",
            description = "How long a connect and the last answers may take (default: ${DEFAULT-VALUE}).")
    private double patience;

    @Option(
            names = "--socks",
            paramLabel = "HOST:PORT",
            description = "Connect by this SOCKS5 server, such as a node's.")
    private @Nullable String socks;

    @Option(names = "--via", paramLabel = "LABEL", description = "What is in between, for the report.")
    private @Nullable String via;

    @Option(
            names = "--cpu-of",
            paramLabel = "PID",
            split = ",",
            description = "Measure the processor time of these processes, such as the nodes, too.")
    private Set<Long> processes = Set.of();

    @Option(
            names = "--client-ns",
            paramLabel = "NS",
            description = "The network namespace to connect from: a name of 'ip netns', a process id or a path.")
    private @Nullable String clientNamespace;

    @Option(names = "--server-ns", paramLabel = "NS", description = "Be the server, too, in this network namespace.")
    private @Nullable String serverNamespace;

    @Option(names = "--json", description = "Print one JSON document instead of a table.")
    private boolean json;

    @Option(names = "--svg", paramLabel = "FILE", description = "Draw latencies and speed over time.")
    private @Nullable Path svg;

    @Mixin
    private PlaceOptions options = new PlaceOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        Logging.start(LogFormat.PLAIN, LogLevels.DEFAULT, System.err);
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "bench-meter");
            thread.setDaemon(true);
            return thread;
        });
        try {
            Target target = new Target(
                    Target.parse("HOST:PORT", server),
                    socks == null ? null : Target.parse("--socks", socks),
                    seconds("--patience", patience, 0.1));
            Plan plan = plan();
            RunReport report = run(target, plan, kinds(), timer);
            print(report);
            boolean unanswered = report.figures().entrySet().stream()
                    .anyMatch(figure -> figure.getKey().endsWith(".unanswered")
                            && figure.getValue().stream().anyMatch(count -> count > 0));
            return report.errors().isEmpty() && !unanswered ? 0 : EXIT_ERRORS;
        } catch (BenchException e) {
            spec.commandLine().getErr().println("hbone bench client: " + e.getMessage());
            return EXIT_FAILED;
        } finally {
            timer.shutdownNow();
            Logging.stop();
        }
    }

    @SuppressWarnings("try") // the server need only be there
    private RunReport run(Target target, Plan plan, Set<Kind> kinds, ScheduledExecutorService timer)
            throws BenchException, InterruptedException {
        if (serverNamespace == null) {
            return measure(target, plan, kinds, timer);
        }
        try (Place place = options.open(serverNamespace, "bench-server");
                BenchServer there = BenchServer.start(
                        place,
                        Target.parse("HOST:PORT", "[::]:" + target.address().getPort()))) {
            return measure(target, plan, kinds, timer);
        }
    }

    private RunReport measure(Target target, Plan plan, Set<Kind> kinds, ScheduledExecutorService timer)
            throws BenchException, InterruptedException {
        List<Measurement> measurements = new ArrayList<>();
        try (Place place = options.open(clientNamespace, "bench-client")) {
            Runs runs = new Runs(new Dialler(place, target), plan, timer, processes);
            for (int repeat = 0; repeat < repeats; repeat++) {
                for (Kind kind : kinds) {
                    measurements.add(runs.measure(kind));
                }
            }
        }
        return new RunReport(target, via, plan, repeats, measurements, Instant.now());
    }

    private Plan plan() throws BenchException {
        within("--connections", connections, 1, 50_000);
        within("--rate", rate, 0.1, 10_000_000);
        within("--request", requestSize, 1, Hello.MAX_SIZE);
        within("--write", writeSize, 1, Hello.MAX_SIZE);
        within("--repeats", repeats, 1, 1000);
        return new Plan(
                connections,
                rate,
                requestSize,
                writeSize,
                seconds("--warm-up", warmUp, 0),
                seconds("--duration", duration, 0.1));
    }

    private Set<Kind> kinds() throws BenchException {
        Set<Kind> kinds = what.isEmpty() ? EnumSet.allOf(Kind.class) : EnumSet.noneOf(Kind.class);
        for (String name : what) {
            try {
                kinds.add(Kind.valueOf(name.strip().toUpperCase(Locale.ROOT)));
            } catch (IllegalArgumentException e) {
                throw new BenchException(
                        "--what: \"" + name + "\" (expected: send, receive, latency, requests or connections)", e);
            }
        }
        return kinds;
    }

    private static Duration seconds(String option, double seconds, double least) throws BenchException {
        within(option, seconds, least, 86_400);
        return Duration.ofNanos(Math.round(seconds * 1e9));
    }

    private static void within(String option, double value, double least, double most) throws BenchException {
        if (!(value >= least && value <= most)) {
            throw new BenchException(option + ": " + RunReport.plain(value) + " (expected: " + RunReport.plain(least)
                    + " to " + RunReport.plain(most) + ")");
        }
    }

    private void print(RunReport report) throws BenchException {
        spec.commandLine().getOut().print(json ? report.json() : report.text());
        spec.commandLine().getOut().flush();
        if (svg != null) {
            String label = via == null ? report.target().toString() : via;
            draw(svg, "hbone bench: " + label, List.of(Map.entry(label, RunDocument.parse(report.json()))));
        }
    }

    /** Writes a picture. */
    static void draw(Path file, String title, List<Map.Entry<String, RunDocument>> runs) throws BenchException {
        try {
            Files.writeString(file, Pictures.svg(title, runs));
        } catch (IOException e) {
            throw new BenchException("--svg: " + e, e);
        }
    }
}
