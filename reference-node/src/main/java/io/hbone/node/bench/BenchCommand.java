package io.hbone.node.bench;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hbone bench}. */
@Command(
        name = "bench",
        description = {
            "Measures what a path carries: throughput, latency of requests, new connections; straight or through"
                    + " nodes.",
            "Start 'hbone bench server' on one host or in one pod and 'hbone bench client HOST:PORT' in the other, or"
                    + " let 'hbone bench client' do both in two network namespaces. 'hbone bench compare' runs two"
                    + " commands in turns and says how they compare."
        },
        subcommands = {BenchServerCommand.class, BenchClientCommand.class, BenchCompareCommand.class},
        mixinStandardHelpOptions = true)
public final class BenchCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }
}
