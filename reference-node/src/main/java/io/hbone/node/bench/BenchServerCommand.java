package io.hbone.node.bench;

import io.hbone.node.config.LogFormat;
import io.hbone.node.config.LogLevels;
import io.hbone.node.telemetry.Logging;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hbone bench server}: runs until it is ended. */
@Command(
        name = "server",
        description = "Takes, gives and sends back what clients ask for, on one port for everything, IPv4 and IPv6.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"1:it could not listen"},
        mixinStandardHelpOptions = true)
final class BenchServerCommand implements Callable<Integer> {
    /** Of the server, if nothing else is said. */
    static final int PORT = 15201;

    private static final int EXIT_FAILED = 1;

    @Option(
            names = "--listen",
            paramLabel = "HOST:PORT",
            defaultValue = "[::]:" + PORT,
            description = "Where to listen (default: ${DEFAULT-VALUE}, which is all addresses of both families).")
    private String listen = "";

    @Option(
            names = "--ns",
            paramLabel = "NS",
            description = "The network namespace to serve in: a name of 'ip netns', a process id or a path.")
    private @Nullable String namespace;

    @Mixin
    private PlaceOptions options = new PlaceOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        Logging.start(LogFormat.PLAIN, LogLevels.DEFAULT, System.err);
        try (Place place = options.open(namespace, "bench-server");
                BenchServer server = BenchServer.start(place, Target.parse("--listen", listen))) {
            spec.commandLine().getOut().println("hbone bench: serving on " + Target.text(server.address()));
            spec.commandLine().getOut().flush();
            server.awaitEnd();
            return 0;
        } catch (BenchException e) {
            spec.commandLine().getErr().println("hbone bench server: " + e.getMessage());
            return EXIT_FAILED;
        } finally {
            Logging.stop();
        }
    }
}
