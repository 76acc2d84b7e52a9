package io.hbone.node.traffic;

import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * Network namespaces like those of pods, each with one interface {@code eth0}, joined by the switches of machines, which are
 * namespaces too. Nothing of it touches the network of the machine that this runs on, and their names are unique to this JVM.
 */
public final class Pods implements AutoCloseable {
    /** The interface of a machine that sees all of its pods' traffic. */
    public static final String SWITCH = "br0";

    /** The interface of a machine that leads to the other one. */
    public static final String WIRE = "wire";

    private static final String PREFIX = "hbone-test-";
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final Duration SETUP = Duration.ofSeconds(30);

    /** All of Debian, and installed by .ci/run. */
    private static final List<String> PROGRAMS = List.of(
            "ip",
            "ss",
            "iptables",
            "ip6tables",
            "bash",
            "curl",
            "iperf3",
            "nc",
            "openssl",
            "python3",
            "redis-server",
            "redis-cli",
            "tcpdump");

    private final String name = PREFIX + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();
    private final Path directory;
    private final List<String> namespaces = new ArrayList<>();
    private final List<Program> programs = new CopyOnWriteArrayList<>();
    private final AtomicInteger files = new AtomicInteger();
    private final AtomicInteger links = new AtomicInteger();
    private final Thread onExit = new Thread(this::remove, "remove-" + name);

    /** A machine that nobody looks into; made when it is needed. */
    private Pod anyMachine;

    /** @param label of the directory in target/traffic that keeps what programs wrote */
    public Pods(String label) {
        requireRootAndPrograms();
        directory = Path.of("target", "traffic", label).toAbsolutePath();
        try {
            deleteAll(directory);
            Files.createDirectories(directory);
            for (String script : List.of("app.py", "client.py", "agent.py", "relay.py")) {
                try (InputStream in = Pods.class.getResourceAsStream(script)) {
                    Files.copy(in, directory.resolve(script), StandardCopyOption.REPLACE_EXISTING);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        removeWhatDeadRunsLeft();
        Runtime.getRuntime().addShutdownHook(onExit);
    }

    /** A machine: its switch {@link #SWITCH} has those addresses. What runs in it is on the machine, and in none of its pods. */
    public Pod machine(String label, String... addresses) {
        String namespace = newNamespace(label);
        shell(
                "ip -n $0 link add $1 type bridge forward_delay 0 stp_state 0 mcast_snooping 0\n"
                        + "for a in ${@:2}; do case $a in\n"
                        + "*:*) ip -n $0 addr add $a/64 dev $1 nodad;; *) ip -n $0 addr add $a/24 dev $1;; esac; done\n"
                        + "ip -n $0 link set $1 up",
                Stream.concat(Stream.of(namespace, SWITCH), Stream.of(addresses))
                        .toArray(String[]::new));
        return new Pod(this, label, namespace, addresses);
    }

    /** Joins the switches of two machines. */
    public void join(Pod machine, Pod other) {
        shell(
                "ip link add $2 netns $0 type veth peer name $2 netns $1; for n in $0 $1; do ip -n $n link set $2 master $3 up; done",
                machine.namespace(),
                other.namespace(),
                WIRE,
                SWITCH);
    }

    /** A pod with those addresses, and nothing in it. The first IPv4 and the first IPv6 one are those that its clients have. */
    Pod pod(String label, String... addresses) {
        if (anyMachine == null) {
            anyMachine = machine("switch");
        }
        return pod(anyMachine, label, addresses);
    }

    /** A pod of a machine. */
    public Pod pod(Pod machine, String label, String... addresses) {
        String namespace = newNamespace(label);
        String port = "p" + links.incrementAndGet();
        shell(
                "ip link add eth0 netns $0 type veth peer name $2 netns $1\n"
                        + "ip -n $1 link set $2 master " + SWITCH + " up\n"
                        // Of several IPv6 addresses clients have the one that is not deprecated.
                        + "lifetime=forever; for a in ${@:3}; do case $a in\n"
                        + "*:*) ip -n $0 addr add $a/64 dev eth0 nodad preferred_lft $lifetime; lifetime=0;;\n"
                        + "*) ip -n $0 addr add $a/24 dev eth0;; esac; done\n"
                        + "ip -n $0 link set lo up; ip -n $0 link set eth0 up\n"
                        // Like a pod's default route, so that addresses of services can be dialled.
                        + "ip -n $0 route add default dev eth0; ip -n $0 -6 route add default dev eth0",
                Stream.concat(Stream.of(namespace, machine.namespace(), port), Stream.of(addresses))
                        .toArray(String[]::new));
        return new Pod(this, label, namespace, addresses);
    }

    private String newNamespace(String label) {
        String namespace = name + "-" + label;
        shell("ip netns add $0; ip -n $0 link set lo up", namespace);
        namespaces.add(namespace);
        return namespace;
    }

    /** Where what programs write is kept. */
    public Path directory() {
        return directory;
    }

    /** Runs a program in {@code namespace} until it ends or all this is removed. */
    Program start(String namespace, String label, Map<String, String> environment, List<String> command) {
        List<String> whole = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
        whole.addAll(command);
        Path output = directory.resolve("%03d-%s".formatted(files.incrementAndGet(), label));
        Program program = Program.start(output, environment, whole);
        programs.add(program);
        return program;
    }

    /** A bash script for the machine's own namespace; its arguments are $0, $1 and so on. */
    private void shell(String script, String... arguments) {
        List<String> command = new ArrayList<>(List.of("bash", "-euc", script));
        command.addAll(List.of(arguments));
        Path output = directory.resolve("%03d-setup".formatted(files.incrementAndGet()));
        Program.start(output, Map.of(), command).join(SETUP).success();
    }

    @Override
    public void close() {
        remove();
        Runtime.getRuntime().removeShutdownHook(onExit);
    }

    private void remove() {
        programs.forEach(Program::close);
        namespaces.forEach(Pods::removeNamespace);
    }

    private static void removeNamespace(String namespace) {
        // What is still in it was started by a program of ours that is gone. Links go with their namespaces.
        run("for p in $(ip netns pids $0); do kill -9 $p || :; done; ip netns del $0", namespace);
    }

    /** A run that was killed could not clean up. */
    private static void removeWhatDeadRunsLeft() {
        File[] found = new File("/run/netns").listFiles();
        for (File file : found == null ? new File[0] : found) {
            String namespace = file.getName();
            if (namespace.startsWith(PREFIX)) {
                long owner = Long.parseLong(namespace.substring(PREFIX.length()).split("-")[0]);
                if (ProcessHandle.of(owner).isEmpty()) {
                    removeNamespace(namespace);
                }
            }
        }
    }

    private static void run(String script, String argument) {
        try {
            new ProcessBuilder("bash", "-c", script, argument)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void requireRootAndPrograms() {
        try {
            if (!Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))) {
                throw new AssertionError("not root (expected: root, as these tests make network namespaces)");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<String> missing =
                PROGRAMS.stream().filter(program -> !onPath(program)).toList();
        if (!missing.isEmpty()) {
            throw new AssertionError("not on PATH: " + missing + " (expected: all there, .ci/run installs them)");
        }
    }

    /** Whether there is a program of that name. */
    static boolean onPath(String program) {
        return Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    private static void deleteAll(Path directory) throws IOException {
        if (Files.exists(directory)) {
            try (Stream<Path> all = Files.walk(directory)) {
                all.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
            }
        }
    }

    /** Waits until something listens on {@code port} where {@code inside} runs. */
    static void awaitListening(Program inside, int port) {
        String hex = ":%04X ".formatted(port);
        await("port " + port)
                .atMost(SETUP)
                .pollInterval(Duration.ofMillis(10))
                .failFast(() -> {
                    if (!inside.isAlive()) {
                        throw new AssertionError("ended: " + inside.out() + inside.err());
                    }
                })
                .until(() -> isListening(inside.pid(), hex));
    }

    private static Path network(String process) throws IOException {
        return Files.readSymbolicLink(Path.of("/proc", process, "ns/net"));
    }

    private static boolean isListening(long pid, String port) throws IOException {
        if (network("self").equals(network(String.valueOf(pid)))) {
            // still on its way into the namespace
            return false;
        }
        for (String table : List.of("tcp", "tcp6")) {
            // sl local_address rem_address st: 0A is LISTEN
            try (Stream<String> lines = Files.lines(Path.of("/proc/" + pid + "/net/" + table))) {
                if (lines.anyMatch(
                        line -> line.strip().split("\\s+")[1].endsWith(port.strip()) && line.contains(" 0A "))) {
                    return true;
                }
            }
        }
        return false;
    }
}
