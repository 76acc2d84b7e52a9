package io.hbone.node.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.node.Node;
import io.hbone.node.config.ProxyConfig;
import io.hbone.node.dns.Messages.Entry;
import io.hbone.node.dns.Messages.Reply;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A whole node of one workload. */
@Timeout(60)
class DnsNodeTest {
    @TempDir
    private Path directory;

    private Node start(String... more) throws Exception {
        Path file = directory.resolve("resolv.conf");
        Files.writeString(file, "search corp.example\n");
        Map<String, String> variables = new HashMap<>();
        variables.put("PROXY_MODE", "dedicated");
        variables.put("PROXY_WORKLOAD_INFO", "shop/client/buyer");
        variables.put("XDS_ADDRESS", "");
        variables.put("LOCAL_XDS", """
            workloads:
            - {uid: c, name: client, namespace: shop, serviceAccount: buyer, protocol: HBONE, workloadIps: ["127.0.1.41"],
               services: {}}
            services:
            - {name: cart, namespace: shop, hostname: cart.example.com, ports: {80: 80}, vips: ["/10.9.0.1"]}
            """);
        variables.put("HBONE_DEV_CA_DIR", directory.resolve("ca").toString());
        variables.put("HBONE_TRANSPORT", System.getProperty("hbone.transport", "epoll"));
        variables.put("HBONE_BIND_ADDRESS", "127.0.1.41");
        variables.put("HBONE_RESOLV_CONF", file.toString());
        variables.put("CONNECTION_TERMINATION_DEADLINE", "1s");
        for (String port : new String[] {"OUTBOUND", "INBOUND", "PLAINTEXT", "DNS", "READINESS", "ADMIN", "METRICS"}) {
            variables.put("HBONE_" + port + "_PORT", "0");
        }
        for (int i = 0; i < more.length; i += 2) {
            variables.put(more[i], more[i + 1]);
        }
        return Node.builder(ProxyConfig.of(variables)).start();
    }

    @Test
    void nodeOfOneWorkload_stripsTheSearchDomainsOfItsOwnResolver() throws Exception {
        Node node = start();
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.setSoTimeout(10_000);
            InetSocketAddress address = Objects.requireNonNull(node.dnsAddress());
            byte[] query = Messages.query("cart.example.com.corp.example", Messages.A);
            socket.send(new DatagramPacket(query, query.length, address));
            DatagramPacket packet = new DatagramPacket(new byte[512], 512);
            socket.receive(packet);

            Reply reply = Messages.read(Arrays.copyOf(packet.getData(), packet.getLength()));

            assertThat(reply.answers())
                    .containsExactly(
                            new Entry("cart.example.com.corp.example.", 5, 30, 1, "cart.example.com."),
                            new Entry("cart.example.com.", Messages.A, 30, 1, "10.9.0.1"));
        } finally {
            node.drain();
        }
    }

    @Test
    void captureThatIsOff_listensNowhere() throws Exception {
        Node node = start("ISTIO_META_DNS_CAPTURE", "false");
        try {
            assertThat(node.dnsAddress()).isNull();
        } finally {
            node.drain();
        }
    }
}
