package io.hbone.node.traffic;

import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** A node of ours in a pod. */
public final class NodeProcess implements AutoCloseable {
    private static final int READINESS = 15021;
    private static final int METRICS = 15020;

    private final Pod pod;
    private final Program program;

    private NodeProcess(Pod pod, Program program) {
        this.pod = pod;
        this.program = program;
    }

    /** Starts {@code hbone proxy}; it need not be ready yet. */
    public static NodeProcess start(Pod pod, Map<String, String> environment) {
        return new NodeProcess(pod, hbone(pod, withTransport(environment), List.of("proxy")));
    }

    private static Map<String, String> withTransport(Map<String, String> environment) {
        Map<String, String> variables = new HashMap<>(environment);
        String transport = System.getProperty("hbone.transport", "");
        if (!transport.isEmpty()) {
            variables.put("HBONE_TRANSPORT", transport);
        }
        return variables;
    }

    /**
     * The same as it ships, by its launcher, so that what it takes to start is what it takes anywhere; like {@link #start} where
     * the build is not there or another.
     */
    public static NodeProcess launch(Pod pod, Map<String, String> environment) {
        Path script = Launcher.script().orElse(null);
        if (script == null) {
            return start(pod, environment);
        }
        Map<String, String> variables = withTransport(environment);
        variables.put("JDK_JAVA_OPTIONS", "-Djava.io.tmpdir=" + pod.file(""));
        return new NodeProcess(pod, pod.start(variables, List.of(script.toString(), "proxy")));
    }

    /** How {@link #launch} starts a node. */
    public static String launched() {
        return Launcher.script().isPresent()
                ? "by its launcher with an archive"
                : "from the classes of the tests on Java " + Runtime.version().feature();
    }

    /** Starts {@code hbone} with any command. */
    public static Program hbone(Pod pod, Map<String, String> variables, List<String> arguments) {
        return hbone(pod, variables, List.of(), arguments);
    }

    /** @param by what starts it, such as a program that takes rights away */
    static Program hbone(Pod pod, Map<String, String> variables, List<String> by, List<String> arguments) {
        // The options of the launcher, and what makes leaks visible. None lives until the optimising compiler pays off,
        // which takes most of what a start costs.
        List<String> command = new ArrayList<>(by);
        command.addAll(ClassArchive.java(
                "-XX:TieredStopAtLevel=1",
                "-Xms16m",
                "-Xss512k",
                "-XX:+ExitOnOutOfMemoryError",
                "-Dio.netty.leakDetection.level=advanced",
                "-Djava.io.tmpdir=" + pod.file("")));
        command.add("io.hbone.node.Hbone");
        command.addAll(arguments);
        return pod.start(variables, command);
    }

    /** A node that is another program; of it all works that does not depend on its log. */
    public static NodeProcess of(Pod pod, Program program) {
        return new NodeProcess(pod, program);
    }

    /** Waits until the readiness port says so. */
    public NodeProcess awaitReady() {
        await("node of " + pod.name())
                .atMost(Duration.ofMinutes(3))
                .pollInterval(Duration.ofMillis(50))
                .failFast(() -> {
                    if (!program.isAlive()) {
                        throw new AssertionError("ended: " + program.out() + program.err());
                    }
                })
                .until(() -> readiness().equals("200"));
        return this;
    }

    /** The HTTP status of the readiness port; 000 when it does not answer. */
    public String readiness() {
        String url = "http://127.0.0.1:" + READINESS + "/healthz/ready";
        return pod.run("curl", "-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", url)
                .out();
    }

    Metrics metrics() {
        return Metrics.parse(pod.get(METRICS, "/stats/prometheus"));
    }

    public Program program() {
        return program;
    }

    public String log() {
        return program.out() + program.err();
    }

    /** The lines of connections so far that are complete or failed. */
    List<AccessLine> connections() {
        return program.out()
                .lines()
                .filter(AccessLine::matches)
                .map(AccessLine::parse)
                .toList();
    }

    /** The line of a connection that ends about now. */
    AccessLine awaitConnection(Predicate<AccessLine> which) {
        return await("access log of " + pod.name())
                .atMost(Duration.ofSeconds(15))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> connections().stream().filter(which).findFirst(), found -> found.isPresent())
                .orElseThrow();
    }

    /** The line of a connection to the application on {@code port}. */
    AccessLine awaitConnectionTo(int port) {
        return awaitConnection(line -> line.applicationPort() == port);
    }

    /** What a node must never say, whatever is done to it. */
    public List<String> complaints() {
        return log().lines()
                .filter(line -> line.contains("LEAK:")
                        || line.contains("a defect in hbone-java")
                        || line.contains("Exception")
                        || line.contains("exceptionCaught"))
                .toList();
    }

    @Override
    public void close() {
        program.close();
    }
}
