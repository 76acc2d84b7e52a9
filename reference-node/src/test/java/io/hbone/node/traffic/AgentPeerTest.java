package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * {@code hbone agent} and {@code hbone ca} with stock ztunnel as the machine's node: two pods that run already, found by their
 * processes. Nothing but the agent writes rules.
 */
@InPods
@Tag("peer")
@SuppressWarnings("try") // programs are there to be talked to through the network
class AgentPeerTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final int PORT = 8080;
    private static final int ADMIN = 15014;
    private static final String TOKEN = "token-of-the-machines-node";

    private static Pods pods;
    private static Pod machine;
    private static Pod client;
    private static Pod server;
    private static Program clientApp;
    private static Program serverApp;
    private static Program ca;
    private static Program ztunnel;
    private static Program agent;
    private static Program before;

    @BeforeAll
    static void open() throws IOException {
        Path program = ZtunnelPeerTest.ztunnel();
        assumeTrue(program != null, "missing: ztunnel (expected: ZTUNNEL_BIN, or ztunnel on PATH)");
        pods = new Pods("agent");
        machine = pods.pod("machine", "10.78.0.254");
        client = pods.pod("client", "10.78.0.1", "fd00:78::1");
        server = pods.pod("server", "10.78.0.2", "fd00:78::2");
        clientApp = client.app("echo", PORT);
        serverApp = server.app("echo", PORT);
        before = connect();
        XdsCertificate.make(machine, pods.directory(), "DNS:localhost");
        Files.writeString(
                Files.createFile(
                        pods.directory().resolve("tokens"),
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))),
                TOKEN + " ztunnel impersonate spiffe://cluster.local/ns/*/sa/*\n");
        ca = ZtunnelCaTest.startCa(machine, pods.directory());
        write(true);
        agent = startAgent();
        ztunnel = startZtunnel(program);
    }

    @AfterAll
    static void close() {
        if (pods != null) {
            pods.close();
        }
    }

    @BeforeEach
    void enrolled() throws IOException {
        write(true);
        awaitState("enrolled");
    }

    private static List<String> agentArguments(String admin) {
        return List.of(
                "agent",
                "--file",
                machine.file("agent.yaml"),
                "--node",
                "m1",
                "--zds-socket",
                machine.file("zds.sock"),
                "--no-xds-socket",
                "--xds-listen",
                "127.0.0.1:15010",
                "--tls-cert",
                machine.file("xds.pem"),
                "--tls-key",
                machine.file("xds.key"),
                "--verify",
                "PT2S",
                "--exempt-probes",
                "--admin",
                admin);
    }

    private static Program startAgent() {
        return NodeProcess.hbone(machine, Map.of(), agentArguments("127.0.0.1:" + ADMIN))
                .until("xDS is served", SOON);
    }

    private static Program startZtunnel(Path program) throws IOException {
        Map<String, String> variables = new HashMap<>(ZtunnelCaTest.fromTheCa(pods.directory(), "token", TOKEN));
        variables.putAll(Map.of(
                "PROXY_MODE", "shared",
                "INPOD_UDS", machine.file("zds.sock"),
                "XDS_ADDRESS", "https://localhost:15010",
                "XDS_ROOT_CA", machine.file("root.pem"),
                "NODE_NAME", "m1",
                "ISTIO_META_DNS_CAPTURE", "false",
                "ZTUNNEL_WORKER_THREADS", "1"));
        return machine.start(variables, List.of(program.toString()));
    }

    /** Swaps the file. */
    private static void write(boolean enrolled) throws IOException {
        String text = """
                namespaces:
                  shop: {enrolled: %s}
                pods:
                - {name: client, namespace: shop, serviceAccount: buyer, workloadIps: [10.78.0.1, "fd00:78::1"], node: m1, pid: %d}
                - {name: server, namespace: shop, serviceAccount: seller, workloadIps: [10.78.0.2, "fd00:78::2"], node: m1, pid: %d}
                """.formatted(enrolled, clientApp.pid(), serverApp.pid());
        Path next = Files.writeString(pods.directory().resolve("agent.next"), text);
        Files.move(
                next,
                pods.directory().resolve("agent.yaml"),
                StandardCopyOption.REPLACE_EXISTING,
                StandardCopyOption.ATOMIC_MOVE);
    }

    private static String status() {
        return machine.get(ADMIN, "/status");
    }

    private static void awaitState(String state) {
        await(state)
                .atMost(SOON)
                .untilAsserted(() -> assertThat(status().lines().filter(line -> line.contains("\"state\"")))
                        .hasSize(2)
                        .allMatch(line -> line.contains('"' + state + '"')));
    }

    /** A connection that stays open, of which the other end says what it is told. */
    private static Program connect() {
        Program connection = client.start("nc", "10.78.0.2", String.valueOf(PORT));
        say(connection, "hello");
        return connection;
    }

    private static void say(Program connection, String word) {
        connection.write((word + '\n').getBytes(StandardCharsets.UTF_8)).until(word, SOON);
    }

    private static String onTheWire(Runnable traffic) {
        try (Program tcpdump = server.start("tcpdump", "-lnni", "eth0", "--immediate-mode", "tcp")) {
            await().until(() -> tcpdump.err().contains("listening on"));
            traffic.run();
            await().until(() -> tcpdump.out().contains("10.78.0.2."));
            return tcpdump.out();
        }
    }

    @Test
    void enrolledPods_talkThroughZtunnel_encrypted_withCertificatesOfOurCa() {
        String wire = onTheWire(() -> assertThat(client.client("neighbours", "10.78.0.2", PORT, 4, 1 << 18)
                        .finish(Pod.PATIENCE)
                        .words())
                .containsExactly("4"));
        assertThat(wire).contains("10.78.0.2.15008").doesNotContain("10.78.0.2.8080");
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(ztunnel.out())
                        .contains("src.identity=\"spiffe://cluster.local/ns/shop/sa/buyer\"")
                        .contains("dst.identity=\"spiffe://cluster.local/ns/shop/sa/seller\""));
        assertThat(ca.out()).contains("impersonated=true");
    }

    /** What it does to probes: HostProbesTest. */
    private static void awaitExemptions(String... addresses) {
        await().atMost(SOON).untilAsserted(() -> {
            String rules = machine.run("nft", "list", "ruleset").out();
            assertThat(rules.contains("169.254.7.127")).as(rules).isEqualTo(addresses.length > 0);
            assertThat(addresses).allMatch(rules::contains);
        });
    }

    @Test
    void connectionFromBefore_goesOn() {
        say(before, "still-there");
    }

    @Test
    void unenrolledPods_keepWhatTheyHave_andTalkPlainlyFromThenOn() throws IOException {
        try (Program during = connect()) {
            awaitExemptions("10.78.0.1", "10.78.0.2", "fd00:78::1", "fd00:78::2");
            write(false);
            awaitState("draining");
            awaitExemptions();
            say(during, "drained-not-cut");
            String wire = onTheWire(() -> connect().close());
            assertThat(wire).contains("10.78.0.2.8080");
        }
        awaitState("not-enrolled");
        assertThat(client.run("iptables-save").out() + client.run("ip", "rule").out())
                .doesNotContain("CILIUM")
                .doesNotContain("32764");
    }

    @Test
    void agentThatIsKilled_leavesTrafficAsItIs_andTheNextOneGoesOn() {
        agent.kill();
        try (Program meanwhile = connect()) {
            agent = startAgent();
            awaitState("enrolled");
            say(meanwhile, "not-cut");
        }
        assertThat(onTheWire(() -> connect().close()))
                .contains("10.78.0.2.15008")
                .doesNotContain("10.78.0.2.8080");
    }

    @Test
    void rulesThatSomebodyRemoved_comeBack() {
        client.run("iptables", "-t", "nat", "-F").success();
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(
                                client.run("iptables-save", "-t", "nat").success())
                        .contains("--to-ports 15001"));
        assertThat(machine.get(ADMIN, "/metrics")).containsPattern("hbone_agent_rules_repaired_total [1-9]");
    }

    @Test
    void secondAgent_isRefused_andSaysWhy() {
        Program.Output second = NodeProcess.hbone(machine, Map.of(), agentArguments("127.0.0.1:15016"))
                .finish(SOON);
        assertThat(second.exit()).isEqualTo(1);
        assertThat(second.err()).contains("zds.sock.lock is locked by another agent");
        awaitState("enrolled");
    }

    @Test
    void status_isATableForPeople_andItsExitCodeSaysWhetherSomethingFails() throws IOException {
        List<String> ask = List.of("agent", "status", "--admin", "127.0.0.1:" + ADMIN);
        Program.Output fine = NodeProcess.hbone(machine, Map.of(), ask).finish(SOON);
        assertThat(fine.success()).contains("machine  m1").containsPattern("shop +client +enrolled");
        Files.writeString(pods.directory().resolve("agent.yaml"), "pods: [");
        await().atMost(SOON).until(() -> status().contains("not YAML"));
        Program.Output failing = NodeProcess.hbone(machine, Map.of(), ask).finish(SOON);
        assertThat(failing.exit()).isEqualTo(2);
        assertThat(failing.out()).contains("NOT USED AS IT IS NOW").containsPattern("shop +client +enrolled");
        Program.Output nobody = NodeProcess.hbone(
                        machine, Map.of(), List.of("agent", "status", "--admin", "127.0.0.1:1"))
                .finish(SOON);
        assertThat(nobody.exit()).isEqualTo(3);
    }
}
