package io.hbone.node;

import io.hbone.node.agent.AgentCommand;
import io.hbone.node.bench.BenchCommand;
import io.hbone.node.demo.DemoCommand;
import io.hbone.node.identity.IdentityCommand;
import io.hbone.node.train.TrainCommand;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionStage;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The command line. */
@Command(
        name = "hbone",
        description = "HBONE tunnels: HTTP/2 CONNECT inside mutual TLS 1.3, as Istio's ambient mesh speaks it.",
        mixinStandardHelpOptions = true,
        versionProvider = VersionCommand.Provider.class)
public final class Hbone implements Runnable {
    /** As in ztunnel: whatever is wrong with a command line. */
    private static final int EXIT_USAGE = 1;

    /** Netty's flight recorder events, for who asks: they load and start the recorder, a tenth of a second's work. */
    private static final String NETTY_JFR = "io.netty.jfr.enabled";

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    Hbone() {}

    /** All commands, in the order of the help. A new one has its line here. */
    private static List<Object> commands() {
        return List.of(
                new ProxyCommand(),
                new CaCommand(),
                new XdsCommand(),
                new AgentCommand(Hbone::stopSignals),
                new OperatorCommand(),
                new StatusCommand(),
                new IdentityCommand(),
                new ExplainCommand(),
                new DemoCommand(),
                new BenchCommand(),
                new TrainCommand(),
                new VersionCommand(),
                new HelpCommand(),
                new GenerateCompletion());
    }

    public static void main(String[] args) {
        System.exit(execute(args));
    }

    /** The exit code. */
    static int execute(String... args) {
        if (System.getProperty(NETTY_JFR) == null) {
            System.setProperty(NETTY_JFR, "false");
        }
        if (isPlainProxy(args)) {
            // The way that nodes are started, without the reflection that the other commands begin with.
            return new ProxyCommand().call();
        }
        if (args.length >= 1 && args[0].equals("train")) {
            // What it loads is loaded by every node that starts from its archive: nothing of the other commands.
            return new CommandLine(new TrainCommand()).execute(Arrays.copyOfRange(args, 1, args.length));
        }
        return commandLine().execute(args);
    }

    /** {@code proxy}, or Istio's own {@code proxy ztunnel}. */
    private static boolean isPlainProxy(String[] args) {
        boolean proxy = args.length >= 1 && args[0].equals("proxy");
        return proxy && (args.length == 1 || (args.length == 2 && args[1].equals("ztunnel")));
    }

    /** Takes the signals over; completes with the first. */
    private static CompletionStage<String> stopSignals() {
        Signals signals = new Signals();
        signals.install();
        return signals.asked();
    }

    static CommandLine commandLine() {
        CommandLine line = new CommandLine(new Hbone());
        commands().forEach(line::addSubcommand);
        exitCodes(line);
        return line;
    }

    private static void exitCodes(CommandLine line) {
        line.getCommandSpec().exitCodeOnInvalidInput(EXIT_USAGE);
        line.getSubcommands().values().forEach(Hbone::exitCodes);
    }

    @Override
    public void run() {
        spec.commandLine().usage(System.out);
    }
}
