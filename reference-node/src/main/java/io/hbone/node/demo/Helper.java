package io.hbone.node.demo;

import io.hbone.node.text.Json;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A {@link HelperMain} in another process, by its standard input and output: a line asks, a line answers. */
final class Helper {
    private static final String GONE = "";

    private final String name;
    private final Writer requests;
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();

    Helper(String name, Process process) {
        this.name = name;
        this.requests = process.outputWriter(StandardCharsets.UTF_8);
        Threads.start("demo-helper-" + name, () -> read(process));
        Threads.start("demo-helper-errors-" + name, () -> Lines.forEach(process.getErrorStream(), System.err::println));
    }

    private void read(Process process) {
        Lines.forEach(process.getInputStream(), answers::add);
        answers.add(GONE);
    }

    /** The answer to a request. */
    Reading ask(Map<String, ?> request, long patienceMillis) throws IOException {
        StringBuilder line = new StringBuilder();
        Json.compact(line, request);
        requests.write(line.append('\n').toString());
        requests.flush();
        return answer(patienceMillis);
    }

    /** The next answer. */
    Reading answer(long patienceMillis) throws IOException {
        String line;
        try {
            line = answers.poll(patienceMillis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(name + ": interrupted", e);
        }
        if (line == null) {
            throw new IOException(name + ": no answer within " + patienceMillis + " ms");
        }
        Reading answer = Reading.of(line);
        if (answer == null) {
            throw new IOException(name + (line.equals(GONE) ? ": has ended" : ": " + line));
        }
        String error = answer.textOrNull("error");
        if (error != null) {
            throw new IOException(name + ": " + error);
        }
        return answer;
    }
}
