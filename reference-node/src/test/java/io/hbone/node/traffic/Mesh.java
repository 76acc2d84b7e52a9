package io.hbone.node.traffic;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A client and a server that are enrolled, each with its node and the redirect rules of Istio (spec/ztunnel.md 15), and a third
 * pod that has neither: one of its addresses is known to the mesh, the other is not.
 */
final class Mesh implements AutoCloseable {
    /** Where the client reaches the service {@code meter}, whose application listens on {@link #METER_PORT}. */
    static final String METER_VIP = "10.77.0.1";

    static final int METER_PORT = 9080;

    static final String CLIENT_ID = "spiffe://cluster.local/ns/shop/sa/buyer";
    static final String SERVER_ID = "spiffe://cluster.local/ns/store/sa/seller";

    /** Of the server's node the log is JSON, of the client's plain text. */
    private static final Map<String, String> LOG_FORMATS = Map.of("client", "plain", "server", "json");

    private static final String WORKLOAD = """
        - uid: cluster1//v1/Pod/%1$s/%2$s
          name: %2$s
          namespace: %1$s
          serviceAccount: %3$s
          trustDomain: cluster.local
          workloadIps: [%4$s]
          protocol: %5$s
          node: %2$s
          network: ""
          workloadName: %2$s-v1
          workloadType: deployment
          canonicalName: %2$s
          canonicalRevision: v1
          clusterId: cluster1
          services: {%6$s}
        """;

    private static final String SERVICE = """
        services:
        - name: meter
          namespace: store
          hostname: meter.store.svc.cluster.local
          vips: ["/%s"]
          ports: {80: %d}
        """;

    /**
     * For one IP family: iptables, the family of ip, "all", the loopback network. Without exceptions for nodes that set no mark. A
     * connection that is older than the rules has not been tracked: what comes on it would be taken for its beginning, and be
     * led away from who waits for it, if anything but beginnings were redirected.
     */
    private static final String RULES = """
        t="$1 -w" f=$2 all=$3 loopback=$4
        ip -$f rule add fwmark 0x111/0xfff pref 32764 lookup 100
        ip -$f route add local $all dev lo table 100
        $t -t mangle -A PREROUTING -m mark --mark 0x539/0xfff -j CONNMARK --set-xmark 0x111/0xfff
        $t -t mangle -A OUTPUT -m connmark --mark 0x111/0xfff -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff
        $t -t nat -A PREROUTING ! -d $loopback -p tcp --syn ! --dport 15008 -m mark ! --mark 0x539/0xfff -j REDIRECT --to-ports 15006
        $t -t nat -A OUTPUT -p tcp -m mark --mark 0x111/0xfff -j ACCEPT
        $t -t nat -A OUTPUT ! -d $loopback -o lo -j ACCEPT
        $t -t nat -A OUTPUT ! -d $loopback -p tcp --syn -m mark ! --mark 0x539/0xfff -j REDIRECT --to-ports 15001
        """;

    private final Pods pods;
    private final Map<String, String> settings;
    private final Pod client;
    private final Pod server;
    private final Pod stranger;
    private NodeProcess clientNode;
    private NodeProcess serverNode;
    private int port = 7000;

    private Mesh(Pods pods, Map<String, String> settings) {
        this.pods = pods;
        this.settings = settings;
        client = pods.pod("client", "10.76.0.1", "fd00:76::1");
        server = pods.pod("server", "10.76.0.2", "fd00:76::2", "10.76.0.22");
        stranger = pods.pod("stranger", "10.76.0.3", "fd00:76::3", "10.76.0.33", "fd00:76::33");
    }

    /**
     * Brings it all up.
     *
     * @param label of the directory in target/traffic
     * @param settings of both nodes, besides those that every node needs
     */
    static Mesh open(String label, Map<String, String> settings) {
        Mesh mesh = withoutNodes(label, settings);
        try {
            mesh.clientNode = mesh.startNode(mesh.client);
            mesh.serverNode = mesh.startNode(mesh.server);
            mesh.clientNode.awaitReady();
            mesh.serverNode.awaitReady();
            mesh.redirect(mesh.client);
            mesh.redirect(mesh.server);
            return mesh;
        } catch (Throwable e) {
            mesh.close();
            throw e;
        }
    }

    /** The pods alone. */
    static Mesh withoutNodes(String label, Map<String, String> settings) {
        Pods pods = new Pods(label);
        try {
            Mesh mesh = new Mesh(pods, settings);
            Files.writeString(mesh.localFile(), mesh.workloads());
            return mesh;
        } catch (IOException e) {
            pods.close();
            throw new UncheckedIOException(e);
        } catch (Throwable e) {
            pods.close();
            throw e;
        }
    }

    private Path localFile() {
        return pods.directory().resolve("local.yaml");
    }

    /** The local file of it all, without policies. */
    String workloads() {
        String meter = "\"store/meter.store.svc.cluster.local\": {80: %d}".formatted(METER_PORT);
        return "workloads:\n"
                + WORKLOAD.formatted("shop", "client", "buyer", quoted(client.addresses()), "HBONE", "")
                + WORKLOAD.formatted("store", "server", "seller", quoted(server.addresses()), "HBONE", meter)
                + WORKLOAD.formatted(
                        "wild",
                        "stranger",
                        "default",
                        quoted(stranger.addresses().subList(0, 2)),
                        "TCP",
                        "")
                + SERVICE.formatted(METER_VIP, METER_PORT);
    }

    private static String quoted(List<String> addresses) {
        return "\"" + String.join("\", \"", addresses) + "\"";
    }

    /** What ztunnel, and so our node, is told by variables to be the node of {@code pod}. */
    Map<String, String> environment(Pod pod) {
        Map<String, String> variables = new HashMap<>();
        variables.put("PROXY_MODE", "dedicated");
        variables.put("PROXY_WORKLOAD_INFO", pod == client ? "shop/client/buyer" : "store/server/seller");
        variables.put("XDS_ADDRESS", "");
        variables.put("LOCAL_XDS_PATH", localFile().toString());
        variables.put("PACKET_MARK", "1337");
        variables.put("NODE_NAME", pod.name());
        variables.put("CLUSTER_ID", "cluster1");
        variables.put("ZTUNNEL_WORKER_THREADS", "2");
        variables.put("LOG_FORMAT", LOG_FORMATS.get(pod.name()));
        variables.putAll(settings);
        return variables;
    }

    /** Starts a node of ours, without waiting for it. */
    NodeProcess startNode(Pod pod, Map<String, String> identity) {
        Map<String, String> variables = environment(pod);
        variables.putAll(identity);
        return NodeProcess.start(pod, variables);
    }

    private NodeProcess startNode(Pod pod) {
        return startNode(
                pod, Map.of("HBONE_DEV_CA_DIR", pods.directory().resolve("ca").toString()));
    }

    /** A node for the pod whose node was stopped. */
    NodeProcess restartNode(Pod pod) {
        NodeProcess node = startNode(pod).awaitReady();
        if (pod == client) {
            clientNode = node;
        } else {
            serverNode = node;
        }
        return node;
    }

    /** Lays the rules. */
    static void redirect(Pod pod) {
        pod.bash(
                        "bash -euc \"$0\" - iptables 4 0.0.0.0/0 127.0.0.1/32; bash -euc \"$0\" - ip6tables 6 ::/0"
                                + " ::1/128",
                        RULES)
                .success();
    }

    /** Enrolled, in namespace shop. */
    Pod client() {
        return client;
    }

    /** Enrolled, in namespace store. */
    Pod server() {
        return server;
    }

    /** An address of the server that nobody has a tunnel to yet, unless a test before used it. */
    String otherServerAddress() {
        return server.addresses().get(2);
    }

    /** Not enrolled. */
    Pod stranger() {
        return stranger;
    }

    /** Addresses of the stranger that the mesh has never heard of. */
    List<String> unknownAddresses() {
        return stranger.addresses().subList(2, 4);
    }

    NodeProcess clientNode() {
        return clientNode;
    }

    NodeProcess serverNode() {
        return serverNode;
    }

    /** A port that no application listens on yet, the same for all pods: it tells connections of one test from others. */
    int freePort() {
        return port++;
    }

    Pods pods() {
        return pods;
    }

    @Override
    public void close() {
        pods.close();
    }
}
