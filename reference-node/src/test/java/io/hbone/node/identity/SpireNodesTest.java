package io.hbone.node.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hbone.identity.testing.Spire;
import io.hbone.netty.socket.OriginalDestination;
import io.hbone.node.Node;
import io.hbone.node.config.ProxyConfig;
import io.hbone.node.text.Ip;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Nodes whose certificates come from a real SPIRE agent, configured as on a cluster. */
@Tag("peer")
class SpireNodesTest {
    private static final String CLIENT = "127.79.0.1";
    private static final String SERVER = "127.79.0.2";
    private static final Duration SVID_LIFE = Duration.ofSeconds(10);
    private static final Duration SOON = Duration.ofSeconds(60);

    private static Spire spire;

    private final Deque<AutoCloseable> closeables = new ArrayDeque<>();

    @BeforeAll
    static void startSpire() {
        assumeTrue(Spire.missing().isEmpty(), Spire.missing());
        spire = Spire.start();
        for (String name : List.of("client", "server")) {
            spire.register(id(name), SVID_LIFE, "k8s:ns:test", "k8s:sa:" + name);
        }
        spire.register("spiffe://" + Spire.TRUST_DOMAIN + "/me", Duration.ofHours(1), Spire.ownSelector());
    }

    @AfterAll
    static void stopSpire() {
        if (spire != null) {
            spire.close();
        }
    }

    @AfterEach
    void close() throws Exception {
        while (!closeables.isEmpty()) {
            closeables.pop().close();
        }
    }

    private static String id(String name) {
        return "spiffe://" + Spire.TRUST_DOMAIN + "/ns/test/sa/" + name;
    }

    @Test
    void svidsOfTenSeconds_areReplacedWhileAConnectionAndManyShortOnesGoOn() throws IOException {
        ServerSocket service = echo();
        OriginalDestination destination =
                OriginalDestination.fixed((InetSocketAddress) service.getLocalSocketAddress());
        Node server = node("server", SERVER, null, destination);
        Node client = node("client", CLIENT, server.inboundAddress().getPort(), destination);
        Set<Object> serials = new LinkedHashSet<>();
        try (Socket lasting = new Socket(CLIENT, client.outboundAddress().getPort())) {
            await().atMost(SOON).until(() -> {
                exchange(lasting);
                try (Socket brief = new Socket(CLIENT, client.outboundAddress().getPort())) {
                    exchange(brief);
                }
                Map<String, Object> held =
                        AdminQuery.identities(Ip.format(server.adminAddress())).get(0);
                assertThat(held).containsEntry("identity", id("server")).containsEntry("source", "spire-selectors");
                assertThat(held).containsEntry("serving", true);
                serials.add(held.get("serial"));
                return serials.size() >= 3;
            });
        }
    }

    @Test
    void workloadApi_isAskedAsAnApplicationWould() throws IOException {
        assertThat(WorkloadApiQuery.identities(spire.workloadApi().uri()))
                .singleElement()
                .satisfies(identity -> assertThat(identity)
                        .containsEntry("serving", true)
                        .containsEntry("source", "workload-api")
                        .containsEntry("trustDomains", List.of(Spire.TRUST_DOMAIN)));
    }

    private static void exchange(Socket socket) throws IOException {
        socket.setSoTimeout(20_000);
        OutputStream out = socket.getOutputStream();
        out.write(new byte[] {1, 2, 3});
        assertThat(socket.getInputStream().readNBytes(3)).containsExactly(1, 2, 3);
    }

    private ServerSocket echo() throws IOException {
        ServerSocket listener = new ServerSocket(0, 50, InetAddress.getByName(SERVER));
        closeables.push(listener);
        daemon(() -> {
            while (true) {
                Socket socket = listener.accept();
                daemon(() -> {
                    try (socket;
                            InputStream in = socket.getInputStream()) {
                        in.transferTo(socket.getOutputStream());
                    }
                });
            }
        });
        return listener;
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void daemon(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException e) {
                // it was closed
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private Node node(String name, String address, Integer serverPort, OriginalDestination destination) {
        Map<String, String> settings = new HashMap<>(Map.of(
                "PROXY_MODE", "dedicated",
                "PROXY_WORKLOAD_INFO", "test/" + name + "/" + name,
                "TRUST_DOMAIN", Spire.TRUST_DOMAIN,
                "XDS_ADDRESS", "",
                "LOCAL_XDS", mesh(serverPort),
                "IPV6_ENABLED", "false",
                "ENABLE_ORIG_SRC", "false",
                "CONNECTION_TERMINATION_DEADLINE", "1s"));
        settings.put("SPIRE_ENABLED", "true");
        settings.put("SPIRE_ADMIN_ENDPOINT_SOCKET", spire.admin().uri());
        settings.put("HBONE_SPIRE_SELECTORS", "k8s:ns:{ns},k8s:sa:{sa}");
        settings.put("HBONE_BIND_ADDRESS", address);
        for (String port : List.of("OUTBOUND", "INBOUND", "PLAINTEXT", "DNS", "READINESS", "ADMIN", "METRICS")) {
            settings.put("HBONE_" + port + "_PORT", "0");
        }
        Node node = Node.builder(ProxyConfig.of(settings))
                .originalDestination(destination)
                .start();
        closeables.push(node::drain);
        return node;
    }

    private static String mesh(Integer serverPort) {
        return "workloads:\n" + workload("client", CLIENT, null) + workload("server", SERVER, serverPort);
    }

    private static String workload(String name, String address, Integer tunnelPort) {
        return """
            - uid: c//Pod/test/%1$s
              name: %1$s
              namespace: test
              serviceAccount: %1$s
              trustDomain: %2$s
              workloadIps: ["%3$s"]
              protocol: HBONE
              node: %1$s
              network: ""
              services: {}
            """.formatted(name, Spire.TRUST_DOMAIN, address)
                + (tunnelPort == null ? "" : "  tunnelPort: " + tunnelPort + "\n");
    }
}
