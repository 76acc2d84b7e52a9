package io.hbone.node.scenario;

import static org.awaitility.Awaitility.await;

import io.hbone.core.TrustDomain;
import io.hbone.identity.ca.CertificateAuthority;
import io.hbone.node.traffic.NodeProcess;
import io.hbone.node.traffic.Pod;
import io.hbone.node.traffic.Pods;
import io.hbone.node.traffic.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Two machines and the pods of Cilium's test (spec/cilium.md 9.1): in each of three namespaces a client and a server on machine a,
 * and a server on machine b. All of it is there once for all tests; only the nodes come and go.
 */
final class Machines implements AutoCloseable {
    static final String ENROLLED_0 = "enrolled-0";
    static final String ENROLLED_1 = "enrolled-1";
    static final String UNENROLLED = "unenrolled";

    static final String CLIENT = "client";
    static final String SAME_NODE = "echo-same-node";
    static final String OTHER_NODE = "echo-other-node";

    private static final TrustDomain TRUST_DOMAIN = TrustDomain.of("cluster.local");
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Pods pods = new Pods("scenario");
    private final Pod a = pods.machine("a", "10.78.0.251", "fd00:78::251");
    private final Pod b = pods.machine("b", "10.78.0.252", "fd00:78::252");
    private final List<Workload> workloads = new ArrayList<>();
    private final Map<Pod, Agent> agents = new LinkedHashMap<>();
    private final Map<String, NodeKind> kinds = new HashMap<>();
    private final Map<String, NodeProcess> nodes = new LinkedHashMap<>();
    private final Map<Pod, MeshFile> files = new LinkedHashMap<>();
    private Taps taps;

    Machines() throws IOException {
        try {
            pods.join(a, b);
            int number = 0;
            for (String namespace : List.of(ENROLLED_0, ENROLLED_1, UNENROLLED)) {
                for (String name : List.of(CLIENT, SAME_NODE, OTHER_NODE)) {
                    number++;
                    Pod machine = name.equals(OTHER_NODE) ? b : a;
                    Pod pod = pods.pod(machine, namespace + "-" + name, "10.78.0." + number, "fd00:78::" + number);
                    workloads.add(new Workload(pod, machine.name(), namespace, name));
                }
            }
            startCa();
            for (Pod machine : List.of(a, b)) {
                MeshFile file = new MeshFile(pods.directory().resolve("mesh-" + machine.name() + ".yaml"), workloads);
                files.put(machine, file);
                agents.put(machine, Agent.start(machine, file.path()));
            }
            taps = new Taps(a, b, workload(UNENROLLED, CLIENT), workload(UNENROLLED, OTHER_NODE));
            agents.values().forEach(Agent::awaitListening);
        } catch (IOException | RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private void startCa() throws IOException {
        Path folder = pods.directory();
        Path tokens = Files.createFile(
                folder.resolve("tokens"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        StringBuilder lines = new StringBuilder();
        for (Pod machine : List.of(a, b)) {
            lines.append(
                    token(machine) + " node-" + machine.name() + " impersonate spiffe://cluster.local/ns/*/sa/*\n");
            Files.writeString(folder.resolve("token-" + machine.name()), token(machine));
        }
        Files.writeString(tokens, lines);
        List<String> arguments = List.of(
                "ca",
                "--dir",
                folder.resolve("ca").toString(),
                "--tokens",
                tokens.toString(),
                "--listen",
                "0.0.0.0:15012");
        Program ca = NodeProcess.hbone(a, Map.of(), arguments);
        ca.until("serves certificates of cluster.local on port 15012", PATIENCE);
    }

    private static String token(Pod machine) {
        return "token-of-the-node-of-machine-" + machine.name();
    }

    /** Makes these the nodes of the machines, and waits until they are ready. */
    void startNodes(NodeKind ofA, NodeKind ofB) {
        nodes.values().forEach(NodeProcess::close);
        nodes.clear();
        kinds.put("a", ofA);
        kinds.put("b", ofB);
        startNode("a");
        startNode("b");
        nodes.values().forEach(NodeProcess::awaitReady);
    }

    /** SIGKILL. */
    void killNode(String machine) {
        nodes.get(machine).close();
    }

    /**
     * How a node came back; times by {@link System#nanoTime()}.
     *
     * @param how it was started
     * @param ready when it said so
     * @param cpu what it had taken of all CPUs by then
     */
    record Restart(String how, long begun, long ready, Duration cpu) {}

    /** Starts a node of the same kind as the one before, as it ships. */
    Restart restartNode(String machine) {
        Pod pod = machine(machine);
        NodeKind kind = kinds.get(machine);
        String how = kind.asShipped();
        Map<String, String> variables = variables(pod, kind);
        long begun = System.nanoTime();
        NodeProcess node = kind.startAsShipped(pod, variables);
        nodes.put(machine, node);
        node.awaitReady();
        return new Restart(how, begun, System.nanoTime(), node.program().cpu());
    }

    private void startNode(String machine) {
        Pod pod = machine(machine);
        NodeKind kind = kinds.get(machine);
        nodes.put(machine, kind.start(pod, variables(pod, kind)));
    }

    private Map<String, String> variables(Pod machine, NodeKind kind) {
        Map<String, String> variables = new HashMap<>(agents.get(machine).variables(kind));
        Path folder = pods.directory();
        variables.put("PROXY_MODE", "shared");
        variables.put("NODE_NAME", machine.name());
        variables.put("CLUSTER_ID", "cluster1");
        variables.put("CA_ADDRESS", "https://" + a.v4() + ":15012");
        variables.put("ALT_CA_HOSTNAME", "localhost");
        variables.put(
                "CA_ROOT_CA",
                CertificateAuthority.rootFile(folder.resolve("ca"), TRUST_DOMAIN)
                        .toString());
        variables.put("AUTH_TOKEN", folder.resolve("token-" + machine.name()).toString());
        variables.put("ISTIO_META_DNS_CAPTURE", "false");
        variables.put("ZTUNNEL_WORKER_THREADS", "2");
        // Pods that leave are gone when nobody has a tunnel to them.
        variables.put("POOL_UNUSED_RELEASE_TIMEOUT", "300ms");
        return variables;
    }

    /** Which machine's agent learns first that pods enter the mesh or leave it. */
    enum Order {
        CLIENTS_FIRST("a"),
        SERVERS_FIRST("b"),
        AT_ONCE;

        private final List<String> first;

        Order(String... first) {
            this.first = List.of(first);
        }
    }

    /** Labels these namespaces and no others, and waits until the agents say that all is done. */
    void enroll(String... namespaces) {
        enroll(Order.AT_ONCE, namespaces);
    }

    /** Like {@link #enroll(String...)}; the agent that is first has done its own part before the other one learns anything. */
    void enroll(Order order, String... namespaces) {
        Set<String> wanted = Set.of(namespaces);
        for (String first : order.first) {
            Pod machine = machine(first);
            files.get(machine).enroll(wanted);
            agents.get(machine).awaitOwn(wanted);
        }
        files.values().forEach(file -> file.enroll(wanted));
        agents.values().forEach(agent -> agent.awaitDone(wanted));
    }

    private Pod machine(String name) {
        return name.equals("a") ? a : b;
    }

    /** Like {@link #enroll}, and waits until the nodes have given up all others: nothing is carried for them, and nobody listens. */
    void enrollAndForget(String... namespaces) {
        enroll(namespaces);
        agents.values().forEach(Agent::awaitDrained);
    }

    /** Makes the pods of these namespaces let in nobody who is not enrolled, and those of others let in everybody. */
    void strict(String... namespaces) {
        Set<String> wanted = Set.of(namespaces);
        boolean changed = false;
        for (MeshFile file : files.values()) {
            changed |= file.strict(wanted);
        }
        if (changed) {
            Workload stranger = workload(UNENROLLED, CLIENT);
            for (Workload server : workloads) {
                await(server + " to know who may call it")
                        .until(() ->
                                stranger.call(server, Family.IPV4).succeeded() != wanted.contains(server.namespace()));
            }
        }
    }

    Workload workload(String namespace, String name) {
        return workloads.stream()
                .filter(each ->
                        each.namespace().equals(namespace) && each.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** From the client that may be enrolled to the servers of the other namespace that may be. */
    Load load() {
        Workload client = workload(ENROLLED_0, CLIENT);
        return new Load().add(client, workload(ENROLLED_1, SAME_NODE)).add(client, workload(ENROLLED_1, OTHER_NODE));
    }

    /** From a client that is never enrolled to the same servers. */
    Load strangers() {
        Workload client = workload(UNENROLLED, CLIENT);
        return new Load().add(client, workload(ENROLLED_1, SAME_NODE)).add(client, workload(ENROLLED_1, OTHER_NODE));
    }

    /** Has pods use the same ports for connections again and again, even those of connections that have ended just now. */
    void fewPorts(int first, int count) {
        ports(first + " " + (first + count - 1), 1);
    }

    /** As the system has it. */
    void manyPorts() {
        ports("32768 60999", 2);
    }

    private void ports(String range, int reuse) {
        workloads.forEach(workload -> workload.pod()
                .bash("cd /proc/sys/net/ipv4; echo $0 > ip_local_port_range; echo $1 > tcp_tw_reuse", range, reuse)
                .success());
    }

    /** One of each kind between pods that may be enrolled. */
    Conversations conversations() throws IOException {
        Conversations conversations = new Conversations();
        converse(conversations);
        return conversations;
    }

    /** Adds one of each kind between pods that may be enrolled. */
    void converse(Conversations conversations) throws IOException {
        Workload client = workload(ENROLLED_0, CLIENT);
        conversations
                .add(client, workload(ENROLLED_0, SAME_NODE))
                .add(client, workload(ENROLLED_1, SAME_NODE))
                .add(client, workload(ENROLLED_1, OTHER_NODE));
    }

    Taps taps() {
        return taps;
    }

    /** What nodes have said so far that none must ever say. */
    List<String> complaints() {
        return nodes.values().stream()
                .flatMap(node -> node.log().lines())
                .filter(line -> line.contains("LEAK:") || line.contains("a defect in hbone-java"))
                .toList();
    }

    /** How agents and nodes stand, and what they said last. */
    String report() {
        StringBuilder report = new StringBuilder();
        agents.values().forEach(agent -> report.append(agent.report()));
        nodes.forEach((machine, node) -> report.append(
                        "node of %s (%s), its last words:%n".formatted(machine, kinds.get(machine)))
                .append(Agent.end(node.log())));
        return report.toString();
    }

    @Override
    public void close() {
        workloads.forEach(Workload::close);
        List<String> missed = taps == null ? List.of() : taps.stop();
        pods.close();
        if (!missed.isEmpty()) {
            throw new AssertionError("what was not seen may have been in the clear: " + missed);
        }
    }
}
