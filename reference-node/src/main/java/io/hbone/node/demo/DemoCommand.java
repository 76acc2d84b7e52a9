package io.hbone.node.demo;

import io.hbone.node.config.LogFormat;
import io.hbone.node.config.LogLevels;
import io.hbone.node.telemetry.Logging;
import java.io.IOException;
import java.io.PrintWriter;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code hbone demo}: 0 when all rows held, 1 when one did not. */
@Command(
        name = "demo",
        description = {
            "Shows the main job: four pods, two of them enrolled, talk to each other in every combination.",
            "Each row of the table says what was asserted and who says so: the applications, the wire, the nodes. As root the"
                    + " pods are network namespaces with the real redirect rules; otherwise all is on loopback."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:all rows held", "1:a row did not, or the demo could not run"},
        mixinStandardHelpOptions = true)
public final class DemoCommand implements Callable<Integer> {
    private static final int EXIT_HELD = 0;
    private static final int EXIT_FAILED = 1;
    private static final int MIN_PAYLOAD = 1024;
    private static final int MAX_PAYLOAD = 8 << 20;

    @Option(names = "--json", description = "Print one JSON document and nothing else.")
    private boolean json;

    @Option(names = "--loopback", description = "Use loopback even as root.")
    private boolean loopback;

    @Option(
            names = "--payload-bytes",
            paramLabel = "BYTES",
            defaultValue = "1048576",
            description = "How much each row carries there and back, 1 KiB to 8 MiB (default: ${DEFAULT-VALUE}).")
    private int payloadBytes;

    @Option(
            names = "--time-limit",
            paramLabel = "SECONDS",
            defaultValue = "20",
            description = "What has not begun by then fails (default: ${DEFAULT-VALUE}).")
    private int timeLimit;

    @Option(names = "--verbose", description = "Show what the nodes log, on standard error.")
    private boolean verbose;

    @Option(
            names = "--break",
            paramLabel = "WHAT",
            defaultValue = "none",
            converter = Fault.Converter.class,
            completionCandidates = Fault.Candidates.class,
            description =
                    "See it fail: unenrolled (the client's node thinks that the server is not enrolled), impostor (it"
                            + " expects somebody else there) or tamper (the wire flips a bit of every connection).")
    private Fault fault = Fault.NONE;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        if (payloadBytes < MIN_PAYLOAD || payloadBytes > MAX_PAYLOAD) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--payload-bytes: " + payloadBytes + " (expected: " + MIN_PAYLOAD + " to " + MAX_PAYLOAD + ")");
        }
        long begin = System.nanoTime();
        if (!json && Ansi.AUTO.enabled()) {
            spec.commandLine().getErr().println("hbone demo: starting pods and nodes ...");
        }
        Logging.start(LogFormat.PLAIN, verbose ? LogLevels.DEFAULT : quiet(), System.err);
        Cleanup cleanup = new Cleanup();
        // On SIGINT and SIGTERM: what is undone there is not undone here again, nor the other way round.
        Thread hook = new Thread(cleanup::run, "demo-cleanup");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            Report report = run(cleanup, begin);
            print(report);
            return report.held() ? EXIT_HELD : EXIT_FAILED;
        } catch (IOException | RuntimeException e) {
            // What fails because all is being undone is nobody's concern.
            if (!cleanup.isOver()) {
                spec.commandLine().getErr().println("hbone demo: " + e.getMessage());
            }
            return EXIT_FAILED;
        } finally {
            cleanup.run();
            Logging.stop();
            forget(hook);
        }
    }

    private Report run(Cleanup cleanup, long begin) throws IOException, InterruptedException {
        Duration limit = Duration.ofSeconds(timeLimit);
        Topology topology = Places.open(cleanup, loopback, fault, verbose, limit.toMillis());
        List<RowResult> rows = new Demo(topology, payloadBytes, new SecureRandom(), begin + limit.toNanos()).run();
        Duration took = Duration.ofNanos(System.nanoTime() - begin);
        return new Report(topology.mode(), topology.description(), topology.cannotShow(), fault, rows, took);
    }

    private void print(Report report) {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.print(JsonReport.of(report));
            out.flush();
        } else {
            new TextReport(out, Ansi.AUTO).print(report);
        }
    }

    private static LogLevels quiet() {
        return new LogLevels(LogLevels.Level.OFF, Map.of());
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is ending, and the hook runs.
        }
    }
}
