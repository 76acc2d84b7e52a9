package io.hbone.node.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A shell command that measures something and prints it as JSON.
 *
 * @param name what it is called in reports
 * @param line for {@code sh -c}
 */
record MeasuringCommand(String name, String line) {
    private static final int LAST_WORDS = 300;
    private static final long TERM_SECONDS = 5;

    /** @throws BenchException when it fails, takes longer than {@code limit}, or prints something else */
    RunDocument run(Duration limit) throws BenchException, InterruptedException {
        Process process;
        try {
            process = new ProcessBuilder("sh", "-c", line).start();
            process.getOutputStream().close();
        } catch (IOException e) {
            throw new BenchException(name + ": " + e.getMessage(), e);
        }
        CompletableFuture<String> out = read(process.inputReader(StandardCharsets.UTF_8), RunDocument.MAX_LENGTH);
        CompletableFuture<String> err = read(
                new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8)), 1 << 16);
        try {
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new BenchException("still running after " + limit.toSeconds() + " s: " + line);
            }
            if (process.exitValue() != 0) {
                String words = (Waiting.on(err) + Waiting.on(out)).strip();
                throw new BenchException("exit status " + process.exitValue() + " of '" + line + "': "
                        + words.substring(Math.max(0, words.length() - LAST_WORDS)));
            }
            return RunDocument.parse(Waiting.on(out));
        } catch (BenchException e) {
            throw new BenchException(name + ": " + e.getMessage(), e);
        } finally {
            end(process);
        }
    }

    /** With all that it has started. */
    private static void end(Process process) throws InterruptedException {
        process.descendants().forEach(ProcessHandle::destroy);
        process.destroy();
        if (!process.waitFor(TERM_SECONDS, TimeUnit.SECONDS)) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    /** Reads to the end; what is more than {@code limit} characters is dropped. */
    private static CompletableFuture<String> read(Reader reader, int limit) {
        CompletableFuture<String> read = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    StringBuilder text = new StringBuilder();
                    char[] buffer = new char[8192];
                    try (reader) {
                        for (int n = reader.read(buffer); n >= 0; n = reader.read(buffer)) {
                            text.append(buffer, 0, Math.min(n, limit - text.length()));
                        }
                    } catch (IOException e) {
                        // It was ended: what it has said so far is all.
                    }
                    read.complete(text.toString());
                },
                "bench-output");
        thread.setDaemon(true);
        thread.start();
        return read;
    }
}
