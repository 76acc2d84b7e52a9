package io.hbone.node.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hbone bench compare}. */
@Command(
        name = "compare",
        description = {
            "Runs two commands in turns and prints medians, and the ratios of a to b with their spread.",
            "A command prints what 'hbone bench client --json' prints, or any JSON with an object \"metrics\" of"
                    + " numbers. Who goes first changes from round to round."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:all rounds were run", "1:a command failed"},
        mixinStandardHelpOptions = true)
final class BenchCompareCommand implements Callable<Integer> {
    private static final int EXIT_FAILED = 1;

    @Option(names = "--a", required = true, paramLabel = "COMMAND", description = "For the shell.")
    private String commandA = "";

    @Option(names = "--b", required = true, paramLabel = "COMMAND", description = "For the shell.")
    private String commandB = "";

    @Option(names = "--name-a", paramLabel = "NAME", defaultValue = "a", description = "Of a in the report.")
    private String nameA = "";

    @Option(names = "--name-b", paramLabel = "NAME", defaultValue = "b", description = "Of b in the report.")
    private String nameB = "";

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "5",
            description = "How often each is run, 1 to 1000 (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--time-limit",
            paramLabel = "SECONDS",
            defaultValue = "600",
            description = "For one run of one command (default: ${DEFAULT-VALUE}).")
    private int timeLimit;

    @Option(names = "--json", description = "Print one JSON document instead of a table.")
    private boolean json;

    @Option(names = "--svg", paramLabel = "FILE", description = "Draw all runs.")
    private @Nullable Path svg;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        try {
            if (rounds < 1 || rounds > 1000) {
                throw new BenchException("--rounds: " + rounds + " (expected: 1 to 1000)");
            }
            compare();
            return 0;
        } catch (BenchException e) {
            spec.commandLine().getErr().println("hbone bench compare: " + e.getMessage());
            return EXIT_FAILED;
        }
    }

    private void compare() throws BenchException, InterruptedException {
        MeasuringCommand a = new MeasuringCommand(nameA, commandA);
        MeasuringCommand b = new MeasuringCommand(nameB, commandB);
        List<RunDocument> as = new ArrayList<>();
        List<RunDocument> bs = new ArrayList<>();
        List<Map.Entry<String, RunDocument>> all = new ArrayList<>();
        for (int round = 1; round <= rounds; round++) {
            boolean aFirst = round % 2 == 1;
            try {
                if (aFirst) {
                    as.add(a.run(Duration.ofSeconds(timeLimit)));
                }
                bs.add(b.run(Duration.ofSeconds(timeLimit)));
                if (!aFirst) {
                    as.add(a.run(Duration.ofSeconds(timeLimit)));
                }
            } catch (BenchException e) {
                throw new BenchException("round " + round + ", " + e.getMessage(), e);
            }
            all.add(Map.entry(nameA + " " + round, as.get(round - 1)));
            all.add(Map.entry(nameB + " " + round, bs.get(round - 1)));
        }
        Comparison comparison = Comparison.of(nameA, as, nameB, bs);
        spec.commandLine().getOut().print(json ? comparison.json() : comparison.text());
        spec.commandLine().getOut().flush();
        if (svg != null) {
            BenchClientCommand.draw(svg, "hbone bench: " + nameA + " and " + nameB, all);
        }
    }
}
