package io.hbone.node.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.ConnectionObserver.Connection;
import io.hbone.core.ConnectionObserver.Direction;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.node.http.HttpQuery;
import io.hbone.node.http.HttpReply;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrafficMetricsTest {

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final TrafficMetrics metrics = new TrafficMetrics(registry);

    private HttpReply get(String path, String... headers) {
        HttpHeaders all = new DefaultHttpHeaders();
        for (int i = 0; i < headers.length; i += 2) {
            all.set(headers[i], headers[i + 1]);
        }
        return new MetricsPage(registry).reply(new HttpQuery("GET", path, Map.of(), all));
    }

    private List<String> samples(String name) {
        return new String(
                        get("/metrics", "accept", "application/openmetrics-text")
                                .body(),
                        StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.startsWith(name))
                .collect(Collectors.toList());
    }

    /** As stock ztunnel wrote it for the same connection. */
    private static String labels(String flags) {
        return "{reporter=\"source\",source_workload=\"localw\",source_canonical_service=\"loc\","
                + "source_canonical_revision=\"v1\",source_workload_namespace=\"default\","
                + "source_principal=\"spiffe://cluster.local/ns/default/sa/local\",source_app=\"loc\",source_version=\"v1\","
                + "source_cluster=\"Kubernetes\",destination_service=\"a.default.svc.cluster.local\","
                + "destination_service_namespace=\"default\",destination_service_name=\"a\",destination_workload=\"localw\","
                + "destination_canonical_service=\"loc\",destination_canonical_revision=\"v1\","
                + "destination_workload_namespace=\"default\","
                + "destination_principal=\"spiffe://cluster.local/ns/default/sa/local\",destination_app=\"loc\","
                + "destination_version=\"v1\",destination_cluster=\"Kubernetes\",request_protocol=\"tcp\",response_flags=\""
                + flags + "\",connection_security_policy=\"mutual_tls\",source_region=\"r\",source_zone=\"z\","
                + "destination_region=\"r\",destination_zone=\"z\"}";
    }

    /** A set, in spite of the order: the library sorts labels by their names. */
    private static List<String> sorted(String sample) {
        String name = sample.substring(0, sample.indexOf('{'));
        String inner = sample.substring(sample.indexOf('{') + 1, sample.indexOf('}'));
        List<String> parts = List.of(inner.split(",")).stream().sorted().collect(Collectors.toList());
        parts.add(0, name);
        parts.add(sample.substring(sample.indexOf('}') + 1));
        return parts;
    }

    private void assertSample(String name, String labels, String value) {
        assertThat(samples(name + "{").stream().map(TrafficMetricsTest::sorted))
                .contains(sorted(name + labels + " " + value));
    }

    @Test
    void connection_thatEnds_isCountedUnderItsLabels() {
        Connection connection = metrics.opened(Traffic.OUTBOUND);
        connection.received(70);
        connection.received(8);
        connection.sent(414);
        connection.closed(null);

        assertSample("istio_tcp_connections_opened_total", labels("-"), "1.0");
        assertSample("istio_tcp_connections_closed_total", labels("-"), "1.0");
        assertSample("istio_tcp_received_bytes_total", labels("-"), "78.0");
        assertSample("istio_tcp_sent_bytes_total", labels("-"), "414.0");
        assertThat(samples("istio_tcp_connections_failed_total{")).isEmpty();
    }

    @Test
    void openSockets_areCountedUntilTheyClose_byReporter() {
        Connection first = metrics.opened(Traffic.OUTBOUND);
        metrics.opened(Traffic.PLAIN);
        metrics.opened(Traffic.INBOUND).closed(TunnelException.rejected(503, "x"));
        assertThat(samples("istio_tcp_sockets_open{"))
                .containsExactlyInAnyOrder(
                        "istio_tcp_sockets_open{reporter=\"source\"} 2.0",
                        "istio_tcp_sockets_open{reporter=\"destination\"} 0.0");
        first.closed(null);
        assertThat(samples("istio_tcp_sockets_open{")).contains("istio_tcp_sockets_open{reporter=\"source\"} 1.0");
    }

    @Test
    void connections_withTheSameLabels_shareTheirCounters() {
        metrics.opened(Traffic.OUTBOUND).received(1);
        metrics.opened(Traffic.OUTBOUND).received(2);
        metrics.opened(Traffic.INBOUND).received(4);

        assertSample("istio_tcp_received_bytes_total", labels("-"), "3.0");
        assertThat(samples("istio_tcp_received_bytes_total{")).hasSize(2);
    }

    @Test
    void connection_thatFails_isClosedAndFailedWithItsFlag() {
        metrics.opened(Traffic.OUTBOUND).closed(TunnelException.rejected(503, "x"));

        assertSample("istio_tcp_connections_opened_total", labels("-"), "1.0");
        assertSample("istio_tcp_connections_closed_total", labels("CONNECT"), "1.0");
        assertSample("istio_tcp_connections_failed_total", labels("CONNECT"), "1.0");
    }

    @Test
    void connection_thatIsDrained_didNotFail() {
        metrics.opened(Traffic.OUTBOUND).closed(new TunnelException(TunnelError.DRAINED, "drained"));

        assertSample("istio_tcp_connections_closed_total", labels("-"), "1.0");
        assertThat(samples("istio_tcp_connections_failed_total{")).isEmpty();
    }

    @Test
    void plaintextConnection_hasNoPrincipals() {
        metrics.opened(Traffic.PLAIN);

        assertThat(samples("istio_tcp_connections_opened_total{"))
                .singleElement()
                .asString()
                .contains("source_principal=\"unknown\"")
                .contains("destination_principal=\"unknown\"")
                .contains("destination_workload=\"unknown\"")
                .contains("destination_workload_namespace=\"default\"")
                .contains("connection_security_policy=\"unknown\"");
    }

    @Test
    void refusals_areCountedWithFewLabels() {
        metrics.denied(
                Direction.INBOUND,
                Traffic.TUNNEL.local(),
                Traffic.TUNNEL.peer(),
                new TunnelException(TunnelError.TLS_HANDSHAKE_FAILED, "no"));
        metrics.tolerated(Traffic.TUNNEL.peer(), "baggage");

        assertThat(samples("hbone_connections_denied_total"))
                .containsExactly(
                        "hbone_connections_denied_total{reporter=\"destination\",response_flags=\"TLS_FAILURE\"} 1.0");
        assertThat(samples("hbone_tolerated_total")).containsExactly("hbone_tolerated_total 1.0");
        assertThat(samples("istio_tcp")).isEmpty();
    }

    @Test
    void tunnels_areCountedWhileTheyAreUp() {
        metrics.tunnelOpened(Traffic.TUNNEL);
        metrics.tunnelOpened(Traffic.TUNNEL);
        metrics.tunnelClosed(Traffic.TUNNEL, new TunnelException(TunnelError.PEER_UNRESPONSIVE, "gone"));

        assertThat(samples("hbone_tunnels_open{")).containsExactly("hbone_tunnels_open{reporter=\"source\"} 1.0");
        assertThat(samples("hbone_tunnels_opened_total"))
                .containsExactly(
                        "hbone_tunnels_opened_total{cipher_suite=\"TLS_AES_128_GCM_SHA256\",reporter=\"source\"} 2.0");
        assertThat(samples("hbone_tunnels_closed_total"))
                .containsExactly("hbone_tunnels_closed_total{reporter=\"source\",response_flags=\"CONNECT\"} 1.0");
    }

    @Test
    void combined_observer_tellsBoth() {
        PrometheusRegistry other = new PrometheusRegistry();
        CombinedObserver both = new CombinedObserver(metrics, new TrafficMetrics(other));

        Connection connection = both.opened(Traffic.OUTBOUND);
        connection.received(1);
        connection.sent(2);
        connection.closed(null);
        both.denied(
                Direction.OUTBOUND,
                Traffic.TUNNEL.local(),
                Traffic.TUNNEL.peer(),
                new TunnelException(TunnelError.NO_ROUTE, "x"));
        both.tunnelOpened(Traffic.TUNNEL);
        both.tunnelClosed(Traffic.TUNNEL, null);
        both.tolerated(Traffic.TUNNEL.peer(), "x");

        String mine = new String(get("/metrics").body(), StandardCharsets.UTF_8);
        HttpQuery query = new HttpQuery("GET", "/metrics", Map.of(), new DefaultHttpHeaders());
        assertThat(new String(new MetricsPage(other).reply(query).body(), StandardCharsets.UTF_8))
                .isEqualTo(mine);
        assertThat(mine).contains("hbone_tunnels_closed_total{").contains("istio_tcp_sent_bytes_total{");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/metrics", "/stats/prometheus"})
    void page_plainText_isTheOlderFormat(String path) {
        metrics.opened(Traffic.OUTBOUND);

        HttpReply reply = get(path);

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.contentType()).startsWith("text/plain");
        assertThat(new String(reply.body(), StandardCharsets.UTF_8))
                .contains("# TYPE istio_tcp_connections_opened_total counter\n")
                .doesNotContain("# EOF");
    }

    @Test
    void page_openMetrics_isWhatItSays() {
        metrics.opened(Traffic.OUTBOUND);

        HttpReply reply =
                get("/metrics", "accept", "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.1");

        assertThat(reply.contentType()).startsWith("application/openmetrics-text");
        assertThat(new String(reply.body(), StandardCharsets.UTF_8))
                .contains("# TYPE istio_tcp_connections_opened counter\n")
                .endsWith("# EOF\n");
    }

    @Test
    void page_gzip_isTheSameText() throws Exception {
        metrics.opened(Traffic.OUTBOUND);

        HttpReply reply = get("/metrics", "accept-encoding", "deflate, gzip");

        assertThat(reply.headers()).containsEntry("content-encoding", "gzip");
        byte[] unzipped = new GZIPInputStream(new ByteArrayInputStream(reply.body())).readAllBytes();
        assertThat(unzipped).isEqualTo(get("/metrics").body());
    }

    @Test
    void page_otherPathsAndMethods_areRefused() {
        assertThat(get("/").status()).isEqualTo(404);
        HttpQuery post = new HttpQuery("POST", "/metrics", Map.of(), new DefaultHttpHeaders());
        assertThat(new MetricsPage(registry).reply(post).status()).isEqualTo(405);
    }

    @Test
    void process_isDescribed() {
        ProcessMetrics.register(registry, "1.2.3");

        assertThat(samples("istio_build")).containsExactly("istio_build{component=\"ztunnel\",tag=\"1.2.3\"} 1.0");
        assertThat(Double.parseDouble(samples("process_open_fds").get(0).split(" ")[1]))
                .isPositive();
        assertThat(Double.parseDouble(samples("process_max_fds").get(0).split(" ")[1]))
                .isPositive();
        assertThat(Double.parseDouble(samples("hbone_heap_bytes").get(0).split(" ")[1]))
                .isPositive();
    }
}
