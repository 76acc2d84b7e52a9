package io.hbone.node.agent;

import io.hbone.node.config.LogFormat;
import io.hbone.node.config.LogLevels;
import io.hbone.node.telemetry.Logging;
import io.hbone.xds.file.LocalFileException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code hbone agent}: runs until it is told to stop. */
@Command(
        name = "agent",
        description = {
            "Keeps the pods of this machine in the mesh, or out of it, as a watched file says: hands them to the machine's node by"
                    + " ZDS, leads their traffic there by rules in their network namespaces, and tells nodes of the mesh by xDS.",
            "The file is what 'hbone xds' serves, and two keys more: pods, with netns, pid, path, container or pod for where each"
                    + " one lives; and namespaces, with enrolled for whether theirs are in the mesh. The same file may serve all"
                    + " machines.",
            "When it ends, everything goes on as it is; the next one takes it from there. It takes root, or CAP_SYS_ADMIN,"
                    + " CAP_NET_ADMIN and CAP_SYS_PTRACE."
        },
        subcommands = StatusCommand.class,
        mixinStandardHelpOptions = true)
public final class AgentCommand implements Callable<Integer> {
    private static final int EXIT_FAILED = 1;

    private final Supplier<CompletionStage<String>> stopSignals;

    @Mixin
    private final AgentOptions options = new AgentOptions();

    /** @param stopSignals begins to wait for the signal to stop; completes with what it was */
    public AgentCommand(Supplier<CompletionStage<String>> stopSignals) {
        this.stopSignals = stopSignals;
    }

    @Override
    public Integer call() {
        LogFormat format;
        LogLevels levels;
        try {
            format = format(options.logFormat);
            levels = levels(System.getenv("RUST_LOG"));
        } catch (IllegalArgumentException e) {
            return failed(e);
        }
        Logging.start(format, levels, System.out);
        Logger log = LoggerFactory.getLogger(AgentCommand.class);
        CompletionStage<String> stop = stopSignals.get();
        Path file = options.file;
        try (MachineAgent agent = MachineAgent.start(file(file), options)) {
            agent.serveWhenSeeded();
            log.info(
                    "received {}, leaving everything as it is",
                    stop.toCompletableFuture().join());
            return 0;
        } catch (LocalFileException e) {
            return failed(new IOException(file + ": " + e.getMessage(), e));
        } catch (IOException | IllegalArgumentException e) {
            return failed(e);
        } finally {
            Logging.stop();
        }
    }

    private static Path file(@Nullable Path file) {
        if (file == null) {
            throw new IllegalArgumentException("no --file and no HBONE_AGENT_FILE (expected: one of them)");
        }
        return file;
    }

    private static LogFormat format(String text) {
        for (LogFormat format : LogFormat.values()) {
            if (format.name().equalsIgnoreCase(text)) {
                return format;
            }
        }
        throw new IllegalArgumentException("--log-format: " + text + " (expected: plain or json)");
    }

    private static LogLevels levels(@Nullable String text) {
        if (text == null || text.isBlank()) {
            return LogLevels.DEFAULT;
        }
        LogLevels levels = LogLevels.parse(text.strip());
        if (levels == null) {
            throw new IllegalArgumentException("RUST_LOG: " + text + " (expected: a level, or a list of logger=level)");
        }
        return levels;
    }

    private static int failed(Exception e) {
        System.err.println("hbone agent: " + e.getMessage());
        return EXIT_FAILED;
    }
}
