package io.hbone.netty.testing;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/** Programs that we did not write, and that tests run against. */
public final class Programs {

    private Programs() {}

    /** Where a program is, which must be there. */
    public static Path required(String name) {
        Path found = find(null, name);
        if (found == null) {
            throw new AssertionError(name + " is not on PATH: install it as .ci/run does");
        }
        return found;
    }

    /** Where a program is: named by {@code variable}, else on PATH. Without it the test is reported as not run. */
    public static Path optional(String variable, String name) {
        Path found = find(variable, name);
        if (found == null) {
            String missing = "not run: " + name + " is missing (neither " + variable + " nor PATH names it)";
            System.err.println(missing);
            Assumptions.abort(missing);
            throw new AssertionError(missing);
        }
        return found;
    }

    private static @Nullable Path find(@Nullable String variable, String name) {
        String named = variable == null ? null : System.getenv(variable);
        if (named != null && !named.isEmpty()) {
            return Path.of(named);
        }
        for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
            Path candidate = Path.of(folder, name);
            if (Files.isExecutable(candidate)) {
                return candidate;
            }
        }
        return null;
    }

    /** How a program ended, and what it said on both of its outputs. */
    public record Result(int status, String output) {}

    /** Runs a program to its end, or kills it at the deadline and fails. */
    public static Result run(Path directory, Duration deadline, List<String> command)
            throws IOException, InterruptedException {
        Path output = Files.createTempFile(directory, "output", ".txt");
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        process.getOutputStream().close();
        if (!process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
            process.destroyForcibly().waitFor();
            throw new AssertionError(command + " did not end within " + deadline + ":\n" + Files.readString(output));
        }
        return new Result(process.exitValue(), Files.readString(output));
    }
}
