package io.hbone.node.traffic;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A child process. What it writes goes to files, so that nobody need read along. */
public final class Program implements AutoCloseable {
    /** What a program said, and how it ended. */
    public record Output(int exit, String out, String err) {
        /** What it wrote; an error when it failed. */
        public String success() {
            if (exit != 0) {
                throw new AssertionError("exit code " + exit + "\n" + out + err);
            }
            return out;
        }

        /** The words that it wrote. */
        public List<String> words() {
            return List.of(success().strip().split("\\s+"));
        }
    }

    private final List<String> command;
    private final Process process;
    private final Path out;
    private final Path err;

    private Program(List<String> command, Process process, Path out, Path err) {
        this.command = command;
        this.process = process;
        this.out = out;
        this.err = err;
    }

    /** @param files where its output is kept, with this name and .out or .err */
    static Program start(Path files, Map<String, String> environment, List<String> command) {
        Path out = files.resolveSibling(files.getFileName() + ".out");
        Path err = files.resolveSibling(files.getFileName() + ".err");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", System.getenv("PATH"));
        builder.environment().put("LANG", "C.UTF-8");
        builder.environment().putAll(environment);
        try {
            return new Program(command, builder.start(), out, err);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Gives it something to read. */
    public Program write(byte[] bytes) {
        try {
            OutputStream in = process.getOutputStream();
            in.write(bytes);
            in.flush();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends its standard input. */
    public Program end() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            // It ended by itself; what it said tells why.
        }
        return this;
    }

    /** Ends its standard input and waits for it. */
    public Output finish(Duration within) {
        end();
        return join(within);
    }

    /** Waits for it. */
    public Output join(Duration within) {
        try {
            if (!process.waitFor(within.toMillis(), TimeUnit.MILLISECONDS)) {
                kill();
                throw new AssertionError("still running after " + within + ": " + command + "\n" + out() + err());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
        return new Output(process.exitValue(), out(), err());
    }

    /** Waits until it has written {@code text}. */
    public Program until(String text, Duration within) {
        await("'" + text + "' of " + command)
                .atMost(within)
                .pollInterval(Duration.ofMillis(10))
                .failFast(() -> failEarly(text))
                .until(() -> out().contains(text));
        return this;
    }

    private void failEarly(String text) {
        if (!process.isAlive() && !out().contains(text)) {
            throw new AssertionError("ended with " + process.exitValue() + ": " + command + "\n" + out() + err());
        }
    }

    /** Done when it has ended. */
    public CompletableFuture<?> onExit() {
        return process.onExit();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    public long pid() {
        return process.pid();
    }

    /** What it took of all CPUs so far. */
    public Duration cpu() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    public String out() {
        return read(out);
    }

    public String err() {
        return read(err);
    }

    private static String read(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** SIGTERM. */
    public Program terminate() {
        process.destroy();
        return this;
    }

    /** SIGKILL. */
    public Program kill() {
        process.destroyForcibly();
        return this;
    }

    /** Ends it at once, if it has not ended. */
    @Override
    public void close() {
        kill().end();
        try {
            process.waitFor(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
