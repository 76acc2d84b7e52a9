package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What nodes say of the traffic that they carried, as tools of Istio read it. */
@InPods
@ExtendWith(SharedMesh.class)
@SuppressWarnings("try") // servers are there to be talked to through the network
class ReportingTest {
    private static final int ASKED = 123_457;

    private final Mesh mesh;
    private final Pod client;
    private final Pod server;

    ReportingTest(Mesh mesh) {
        this.mesh = mesh;
        this.client = mesh.client();
        this.server = mesh.server();
    }

    @Test
    void readiness_ofARunningNode_is200() {
        assertThat(mesh.clientNode().readiness()).isEqualTo("200");
        assertThat(mesh.serverNode().readiness()).isEqualTo("200");
    }

    @Test
    void accessLog_ofATunnelledConnection_hasZtunnelsFieldsInOrder() {
        int port = mesh.freePort();
        int answered = digest(server.v4(), port);
        AccessLine out = mesh.clientNode().awaitConnectionTo(port);
        AccessLine in = mesh.serverNode().awaitConnectionTo(port);
        for (AccessLine line : List.of(out, in)) {
            assertThat(line.level()).isEqualTo("info");
            assertThat(line.message()).isEqualTo("connection complete");
            assertThat(line.fields().keySet())
                    .containsExactly(
                            "src.addr",
                            "src.workload",
                            "src.namespace",
                            "src.identity",
                            "src.cluster",
                            "dst.addr",
                            "dst.hbone_addr",
                            "dst.workload",
                            "dst.namespace",
                            "dst.identity",
                            "dst.cluster",
                            "direction",
                            "bytes_sent",
                            "bytes_recv",
                            "duration",
                            "trace_id");
            assertThat(line.fields())
                    .containsEntry("src.workload", "client")
                    .containsEntry("src.namespace", "shop")
                    .containsEntry("src.identity", Mesh.CLIENT_ID)
                    .containsEntry("src.cluster", "cluster1")
                    .containsEntry("dst.addr", server.v4() + ":15008")
                    .containsEntry("dst.hbone_addr", server.v4() + ":" + port)
                    .containsEntry("dst.workload", "server")
                    .containsEntry("dst.namespace", "store")
                    .containsEntry("dst.identity", Mesh.SERVER_ID);
            assertThat(line.get("src.addr")).startsWith(client.v4() + ":");
            assertThat(line.get("duration")).matches("\\d+ms");
        }
        assertThat(out.get("direction")).isEqualTo("outbound");
        assertThat(out.number("bytes_sent")).isEqualTo(ASKED);
        assertThat(out.number("bytes_recv")).isEqualTo(answered);
        assertThat(in.get("direction")).isEqualTo("inbound");
        // Of the local application: what it sent is the answer.
        assertThat(in.number("bytes_sent")).isEqualTo(answered);
        assertThat(in.number("bytes_recv")).isEqualTo(ASKED);
    }

    @Test
    void metrics_ofAConnectionToAService_countItOnceAtBothEnds() {
        int answered = digest(Mesh.METER_VIP, 80, Mesh.METER_PORT);
        assertThat(mesh.clientNode().awaitConnectionTo(Mesh.METER_PORT).get("dst.service"))
                .isEqualTo("meter.store.svc.cluster.local");
        mesh.serverNode().awaitConnectionTo(Mesh.METER_PORT);
        assertCounted(mesh.clientNode(), "source", answered);
        assertCounted(mesh.serverNode(), "destination", answered);
    }

    private void assertCounted(NodeProcess node, String reporter, int answered) {
        Metrics metrics = node.metrics();
        Map<String, String> labels = Map.of(
                "reporter", reporter,
                "source_workload", "client-v1",
                "source_workload_namespace", "shop",
                "source_principal", Mesh.CLIENT_ID,
                "destination_workload", "server-v1",
                "destination_principal", Mesh.SERVER_ID,
                "destination_service", "meter.store.svc.cluster.local",
                "connection_security_policy", "mutual_tls",
                "response_flags", "-",
                "request_protocol", "tcp");
        assertThat(metrics.sum("istio_tcp_connections_opened_total", labels)).isEqualTo(1);
        assertThat(metrics.sum("istio_tcp_connections_closed_total", labels)).isEqualTo(1);
        assertThat(metrics.sum("istio_tcp_received_bytes_total", labels)).isEqualTo(ASKED);
        assertThat(metrics.sum("istio_tcp_sent_bytes_total", labels)).isEqualTo(answered);
        assertThat(metrics.find("istio_build", Map.of("component", "ztunnel"))).hasSize(1);
    }

    private int digest(String address, int port) {
        return digest(address, port, port);
    }

    /** Sends what is to be counted; how much came back. */
    private int digest(String address, int dialled, int port) {
        try (Program digest = server.app("digest", port)) {
            Program.Output answer = client.bash("head -c $0 /dev/zero | nc -N $1 $2", ASKED, address, dialled);
            assertThat(answer.words().get(0)).isEqualTo("" + ASKED);
            return answer.out().length();
        }
    }
}
