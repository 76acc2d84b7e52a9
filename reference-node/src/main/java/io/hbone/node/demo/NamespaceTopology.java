package io.hbone.node.demo;

import io.hbone.node.Hbone;
import io.hbone.node.config.ListenPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Every pod in a network namespace of its own, with the redirect rules that Istio and Cilium write, and {@code hbone proxy} in
 * the enrolled ones, as a process of its own that is set up by its environment and seen by its log. Needs root.
 */
final class NamespaceTopology implements Topology {
    private static final int SERVICE_PORT = 8080;
    private static final int READINESS_PORT = 15021;
    private static final int ANSWER_MILLIS = 10_000;

    private final Map<Pod, Helper> pods = new EnumMap<>(Pod.class);
    private final Map<Pod, NodeLog> logs = new EnumMap<>(Pod.class);
    private final List<Process> processes = new ArrayList<>();
    private final Cleanup cleanup;
    private final boolean verbose;
    private final Helper wire;

    private NamespaceTopology(PodNetwork network, Cleanup cleanup, boolean tamper, boolean verbose) throws IOException {
        this.cleanup = cleanup;
        this.verbose = verbose;
        cleanup.add(this::endProcesses);
        List<String> arguments = new ArrayList<>(List.of(HelperMain.WIRE));
        if (tamper) {
            arguments.add("tamper");
        }
        wire = helper("wire", network.insideWire(), arguments);
        for (Pod pod : Pod.values()) {
            logs.put(pod, new NodeLog());
            List<String> service = List.of(HelperMain.POD, Integer.toString(SERVICE_PORT));
            pods.put(pod, helper(pod.text(), network.inside(pod), service));
        }
    }

    /**
     * Starts everything.
     *
     * @param cleanup learns what must be undone, also when this fails
     * @param directory for files
     * @param patienceMillis how long the nodes may take to be ready
     */
    static NamespaceTopology open(
            PodNetwork network, Cleanup cleanup, Path directory, Fault fault, boolean verbose, long patienceMillis)
            throws IOException {
        NamespaceTopology topology = new NamespaceTopology(network, cleanup, fault == Fault.TAMPER, verbose);
        topology.node(network, Pod.SHOP, directory, Fault.NONE);
        topology.node(network, Pod.WEB, directory, fault);
        // They started side by side; now each must be there.
        topology.wire.answer(patienceMillis);
        for (Helper pod : topology.pods.values()) {
            pod.answer(patienceMillis);
        }
        for (Pod pod : List.of(Pod.SHOP, Pod.WEB)) {
            topology.pod(pod).ask(Map.of("do", "await", "port", READINESS_PORT), patienceMillis);
            network.redirect(pod);
        }
        return topology;
    }

    private Helper helper(String name, List<String> inside, List<String> arguments) throws IOException {
        List<String> main = new ArrayList<>(List.of(HelperMain.class.getName()));
        main.addAll(arguments);
        return new Helper(name, started(ChildJvm.start(inside, Map.of(), main)));
    }

    private void node(PodNetwork network, Pod pod, Path directory, Fault fault) throws IOException {
        Map<Pod, String> addresses = new EnumMap<>(Pod.class);
        for (Pod each : Pod.values()) {
            addresses.put(each, address(each));
        }
        Map<String, String> settings = NodeSettings.of(pod, MeshFile.of(addresses, Map.of(), fault), directory);
        settings.put("PACKET_MARK", Integer.toString(PodNetwork.REDIRECT.packetMark()));
        settings.put("LOG_FORMAT", "json");
        settings.put("RUST_LOG", AccessLogWitness.LEVELS);
        Process process =
                started(ChildJvm.start(network.inside(pod), settings, List.of(Hbone.class.getName(), "proxy")));
        AccessLogWitness witness = new AccessLogWitness(log(pod));
        Threads.start(
                "demo-node-" + pod.text(),
                () -> Lines.forEach(process.getInputStream(), line -> {
                    witness.line(line);
                    if (verbose) {
                        System.err.println(pod.text() + ' ' + line);
                    }
                }));
        Threads.start(
                "demo-node-errors-" + pod.text(),
                () -> Lines.forEach(process.getErrorStream(), line -> System.err.println(pod.text() + ' ' + line)));
    }

    private Process started(Process process) {
        synchronized (processes) {
            processes.add(process);
        }
        // All are asked to end before one is waited for.
        cleanup.add(process::destroy);
        return process;
    }

    private void endProcesses() throws InterruptedException {
        List<Process> started;
        synchronized (processes) {
            started = List.copyOf(processes);
        }
        ChildJvm.end(started);
    }

    private Helper pod(Pod pod) {
        return Objects.requireNonNull(pods.get(pod));
    }

    @Override
    public String mode() {
        return "namespaces";
    }

    @Override
    public String description() {
        return "a network namespace for each pod, the real redirect rules, hbone proxy beside the enrolled ones";
    }

    @Override
    public List<String> cannotShow() {
        return List.of();
    }

    @Override
    public String address(Pod pod) {
        return PodNetwork.address(pod);
    }

    @Override
    public String onTheWire(Row row) {
        return row.passage() == Passage.TUNNEL ? address(row.to()) + ':' + ListenPlan.HBONE : dialled(row);
    }

    @Override
    public String dialled(Row row) {
        return address(row.to()) + ':' + SERVICE_PORT;
    }

    @Override
    public boolean keepsClientAddresses() {
        return true;
    }

    @Override
    public Exchange exchange(Row row, Payload payload) throws IOException {
        return Exchange.of(pod(row.from())
                .ask(
                        Map.of(
                                "do", "exchange",
                                "address", address(row.to()),
                                "port", SERVICE_PORT,
                                "marker", payload.marker(),
                                "size", payload.size()),
                        ANSWER_MILLIS));
    }

    @Override
    public List<Served> served(Pod pod) throws IOException {
        return pod(pod).ask(Map.of("do", "served"), ANSWER_MILLIS).objects("served").stream()
                .map(Served::of)
                .toList();
    }

    @Override
    public List<Flow> flows(String marker) throws IOException {
        return wire.ask(Map.of("marker", marker), ANSWER_MILLIS).objects("flows").stream()
                .map(Flow::of)
                .toList();
    }

    @Override
    public NodeLog log(Pod pod) {
        return Objects.requireNonNull(logs.get(pod));
    }
}
