package io.hbone.node.traffic;

import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** One of {@link Pods}. */
public final class Pod {
    /** Longer than anything takes that is not broken. */
    public static final Duration PATIENCE = Duration.ofSeconds(30);

    /** pyenv and the like put a shell script first on the path. */
    private static final String PYTHON =
            Files.isExecutable(Path.of("/usr/bin/python3")) ? "/usr/bin/python3" : "python3";

    private final Pods pods;
    private final String name;
    private final String namespace;
    private final List<String> addresses;

    Pod(Pods pods, String name, String namespace, String... addresses) {
        this.pods = pods;
        this.name = name;
        this.namespace = namespace;
        this.addresses = List.of(addresses);
    }

    public String name() {
        return name;
    }

    /** What {@code ip netns} calls its network namespace. */
    public String namespace() {
        return namespace;
    }

    /** Its first IPv4 address. */
    public String v4() {
        return addresses.stream().filter(a -> !a.contains(":")).findFirst().orElseThrow();
    }

    /** Its first IPv6 address. */
    public String v6() {
        return addresses.stream().filter(a -> a.contains(":")).findFirst().orElseThrow();
    }

    /** All of its addresses. */
    List<String> addresses() {
        return addresses;
    }

    public Program start(Map<String, String> environment, List<String> command) {
        String program = Path.of(command.get(0)).getFileName().toString();
        return pods.start(namespace, name + "-" + program, environment, command);
    }

    public Program start(String... command) {
        return start(Map.of(), List.of(command));
    }

    /** What a program says that ends soon. */
    public Program.Output run(String... command) {
        return start(command).finish(PATIENCE);
    }

    /** What a bash script says; its arguments are $0, $1 and so on. */
    public Program.Output bash(String script, Object... arguments) {
        List<String> command = new ArrayList<>(List.of("bash", "-euo", "pipefail", "-c", script));
        Stream.of(arguments).map(String::valueOf).forEach(command::add);
        return start(Map.of(), command).finish(PATIENCE);
    }

    /** Starts a server of any kind, and waits until it listens. */
    Program serve(int port, String... command) {
        Program program = start(command);
        Pods.awaitListening(program, port);
        return program;
    }

    /** Starts app.py in a role, and waits until it listens. */
    Program app(String role, int port) {
        return serve(port, PYTHON, file("app.py"), role, String.valueOf(port));
    }

    /** Starts relay.py: who connects here to {@code port} of the loopback address is connected to that of a process elsewhere. */
    void relay(int port, long pid, int target) {
        start(PYTHON, file("relay.py"), String.valueOf(port), String.valueOf(pid), String.valueOf(target))
                .until("listens", PATIENCE);
    }

    /** Starts client.py. */
    Program client(Object... arguments) {
        List<String> command = new ArrayList<>(List.of(PYTHON, file("client.py")));
        Stream.of(arguments).map(String::valueOf).forEach(command::add);
        return start(Map.of(), command);
    }

    /** What tcpdump says of TCP at an interface, from before {@code traffic} until it has said {@code awaited}. */
    String seen(String device, Runnable traffic, String awaited) {
        try (Program tcpdump = start("tcpdump", "-lnni", device, "--immediate-mode", "tcp")) {
            await().until(() -> tcpdump.err().contains("listening on"));
            traffic.run();
            await().until(() -> tcpdump.out().contains(awaited));
            return tcpdump.out();
        }
    }

    /** A path in the directory of what is kept. */
    public String file(String file) {
        return pods.directory().resolve(file).toString();
    }

    /** The answer of an HTTP server at this pod's loopback address. */
    public String get(int port, String path) {
        return run("curl", "-sS", "-m", "10", "http://127.0.0.1:" + port + path).success();
    }
}
