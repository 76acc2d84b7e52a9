package io.hbone.enrollment.rules;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hbone.zds.NetworkNamespace;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/** A pod and a peer, each in a network namespace of its own, joined by a cable, with both versions of IP. Needs root. */
final class TestPod implements AutoCloseable {
    static final int PATIENCE_MILLIS = 5_000;

    private static final String EVERYTHING = String.join(
            ";",
            "iptables-legacy-save",
            "ip6tables-legacy-save",
            "nft list ruleset",
            "ip -4 rule",
            "ip -6 rule",
            "ip -4 route show table all type local default",
            "ip -6 route show table all type local default");

    private static final AtomicInteger COUNT = new AtomicInteger();

    private final String name;
    private final NetworkNamespace pod;
    private final NetworkNamespace peer;

    private TestPod(String name) throws IOException {
        this.name = name;
        pod = NetworkNamespace.named(name + "-pod");
        peer = NetworkNamespace.named(name + "-peer");
    }

    static TestPod create() throws Exception {
        assumeTrue(
                Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0),
                "missing: root (expected: it, to make network namespaces)");
        String name = "rules-" + ProcessHandle.current().pid() + '-' + COUNT.incrementAndGet();
        String pod = name + "-pod";
        String peer = name + "-peer";
        sh(
                "ip netns add " + pod,
                "ip netns add " + peer,
                "ip link add eth0 netns " + pod + " type veth peer name eth0 netns " + peer,
                addresses(pod, 2),
                addresses(peer, 1));
        return new TestPod(name);
    }

    private static String addresses(String namespace, int host) {
        return String.join(
                "\n",
                "ip -n " + namespace + " -batch - <<END",
                "link set lo up",
                "addr add 10.88.0." + host + "/24 dev eth0",
                "addr add fd88::" + host + "/64 dev eth0 nodad",
                "link set eth0 up",
                "END");
    }

    NetworkNamespace pod() {
        return pod;
    }

    NetworkNamespace peer() {
        return peer;
    }

    static String podAddress(Family family) {
        return family == Family.IPV4 ? "10.88.0.2" : "fd88::2";
    }

    static String peerAddress(Family family) {
        return family == Family.IPV4 ? "10.88.0.1" : "fd88::1";
    }

    /** Runs it in the pod. */
    String inPod(String command) throws Exception {
        return sh("nsenter --net=/run/netns/" + name + "-pod " + command);
    }

    /** Runs it in the peer. */
    String inPeer(String command) throws Exception {
        return sh("nsenter --net=/run/netns/" + name + "-peer " + command);
    }

    /** Takes whatever comes to a port, of any address. */
    static ServerSocket listen(NetworkNamespace namespace, int port) throws Exception {
        return namespace.run(() -> {
            ServerSocket socket = new ServerSocket();
            socket.bind(new InetSocketAddress(port));
            socket.setSoTimeout(PATIENCE_MILLIS);
            return socket;
        });
    }

    static Socket connect(NetworkNamespace namespace, String address, int port) throws Exception {
        return connect(namespace, (InetSocketAddress) null, address, port);
    }

    /** @param source null for any */
    static Socket connect(NetworkNamespace namespace, String source, String address, int port) throws Exception {
        return connect(
                namespace,
                source == null ? null : new InetSocketAddress(InetAddress.getByName(source), 0),
                address,
                port);
    }

    /** @param local its port */
    static Socket connectFrom(NetworkNamespace namespace, int local, String address, int port) throws Exception {
        return connect(namespace, new InetSocketAddress(local), address, port);
    }

    private static Socket connect(NetworkNamespace namespace, InetSocketAddress source, String address, int port)
            throws Exception {
        return namespace.run(() -> {
            Socket socket = new Socket();
            if (source != null) {
                socket.bind(source);
            }
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.connect(new InetSocketAddress(InetAddress.getByName(address), port), PATIENCE_MILLIS);
            return socket;
        });
    }

    /** Everything that tools show of the pod's rules, whoever wrote them, without what they count. */
    String everything() throws Exception {
        StringBuilder all = new StringBuilder();
        inPod("sh -ec '" + EVERYTHING + "'")
                .lines()
                .filter(line -> !line.startsWith("#"))
                .forEach(line -> all.append(line).append('\n'));
        return all.toString().replaceAll("packets \\d+ bytes \\d+|\\[\\d+:\\d+]", "");
    }

    static String sh(String... commands) throws Exception {
        Process process = new ProcessBuilder("sh", "-ec", String.join("\n", commands))
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join("; ", commands) + ": " + output);
        }
        return output;
    }

    @Override
    public void close() throws Exception {
        pod.close();
        peer.close();
        sh("ip netns del " + name + "-pod", "ip netns del " + name + "-peer");
    }
}
