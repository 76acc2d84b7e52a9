package io.hbone.node.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Starts and ends Java processes that run what this one is made of. */
final class ChildJvm {
    private static final int NATIVE_ACCESS_IS_ASKED_FOR = 22;
    private static final long TERM_SECONDS = 3;

    private ChildJvm() {}

    /**
     * Starts one.
     *
     * @param inside how to start a command where it is to run
     * @param environment all that it gets, besides the path
     * @param main the class that it runs, with its arguments
     */
    static Process start(List<String> inside, Map<String, String> environment, List<String> main) throws IOException {
        List<String> command = new ArrayList<>(inside);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // Short lives: no time to optimise, no heap worth a parallel collector.
        command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss512k"));
        if (Runtime.version().feature() >= NATIVE_ACCESS_IS_ASKED_FOR) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.addAll(main);
        ProcessBuilder builder = new ProcessBuilder(command);
        String path = builder.environment().get("PATH");
        builder.environment().clear();
        if (path != null) {
            builder.environment().put("PATH", path);
        }
        builder.environment().putAll(environment);
        return builder.start();
    }

    /** Asks all to end, then makes them. */
    static void end(List<Process> processes) throws InterruptedException {
        processes.forEach(Process::destroy);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TERM_SECONDS);
        for (Process process : processes) {
            if (!process.waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                process.destroyForcibly().waitFor(1, TimeUnit.SECONDS);
            }
        }
    }
}
