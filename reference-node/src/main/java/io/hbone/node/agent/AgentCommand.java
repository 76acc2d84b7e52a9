package io.hbone.node.agent;

import io.hbone.node.config.LogFormat;
import io.hbone.node.config.LogLevels;
import io.hbone.node.telemetry.Logging;
import io.hbone.xds.file.LocalFileException;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
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
            "Keeps the pods of this machine in the mesh, or out of it, as a watched file or the labels of a cluster"
                    + " say: hands them to the machine's node by ZDS, leads their traffic there by rules in their network"
                    + " namespaces, and tells nodes of the mesh by xDS.",
            "The file is what 'hbone xds' serves, and two keys more: pods, with netns, pid, path, container or pod for"
                    + " where each one lives; and namespaces, with enrolled for whether theirs are in the mesh. The same"
                    + " file may serve all machines.",
            "With --kubernetes it is the pods of the machine's Node object that are in the mesh by the label"
                    + " io.cilium/mtls-enabled=true or istio.io/dataplane-mode=ambient on their namespace or, before"
                    + " that, on themselves (false and none take one out). Each says how it stands by its condition"
                    + " hbone.io/Enrolled, and by events.",
            "When it ends, everything goes on as it is; the next one takes it from there. It takes root, or"
                    + " CAP_SYS_ADMIN, CAP_NET_ADMIN and CAP_SYS_PTRACE."
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
        try (MachineAgent agent = MachineAgent.start(options)) {
            // An API server may be away for long, and the signal to stop comes nevertheless.
            CompletableFuture.anyOf(stop.toCompletableFuture(), agent.seeded().toCompletableFuture())
                    .join();
            if (!stop.toCompletableFuture().isDone()) {
                agent.serve();
            }
            log.info(
                    "received {}, leaving everything as it is",
                    stop.toCompletableFuture().join());
            return 0;
        } catch (LocalFileException e) {
            return failed(new IOException(options.file + ": " + e.getMessage(), e));
        } catch (IOException | IllegalArgumentException e) {
            return failed(e);
        } finally {
            Logging.stop();
        }
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
