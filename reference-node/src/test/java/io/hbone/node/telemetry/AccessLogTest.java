package io.hbone.node.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import io.hbone.core.ConnectionObserver.Connection;
import io.hbone.core.ConnectionObserver.Direction;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.identity.testing.FakeClock;
import io.hbone.node.config.LogFormat;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The expected lines are those that stock ztunnel wrote for the same connections. */
class AccessLogTest {

    private final FakeClock clock = FakeClock.create();
    private final AccessLog log = new AccessLog(clock);

    private static final String OUTBOUND = "src.addr=127.0.0.1:49622 src.workload=\"local\" src.namespace=\"default\""
            + " src.identity=\"spiffe://cluster.local/ns/default/sa/local\" src.cluster=\"Kubernetes\""
            + " dst.addr=127.0.0.1:15008 dst.hbone_addr=127.0.0.1:8080 dst.service=\"a.default.svc.cluster.local\""
            + " dst.workload=\"local\" dst.namespace=\"default\" dst.identity=\"spiffe://cluster.local/ns/default/sa/local\""
            + " dst.cluster=\"Kubernetes\" direction=\"outbound\"";

    private static final String INBOUND = "src.addr=127.0.0.1:44064 src.workload=\"local\" src.namespace=\"default\""
            + " src.identity=\"spiffe://cluster.local/ns/default/sa/local\" src.cluster=\"Kubernetes\""
            + " dst.addr=127.0.0.1:15008 dst.hbone_addr=127.0.0.1:8080"
            + " dst.workload=\"local\" dst.namespace=\"default\" dst.identity=\"spiffe://cluster.local/ns/default/sa/local\""
            + " dst.cluster=\"Kubernetes\" direction=\"inbound\"";

    private static final String PLAIN = "src.addr=127.0.0.1:49618 src.workload=\"local\" src.namespace=\"default\""
            + " src.cluster=\"Kubernetes\" dst.addr=127.0.0.2:8099 dst.workload=\"b\" dst.namespace=\"default\""
            + " direction=\"outbound\"";

    @Test
    void outboundConnection_thatEnds_isTwoLines() {
        try (Captured access = new Captured("access", Level.DEBUG)) {
            Connection connection = log.opened(Traffic.OUTBOUND);
            connection.received(70);
            connection.sent(400);
            connection.received(8);
            connection.sent(14);
            clock.jump(Duration.ofMillis(301));
            connection.closed(null);

            assertThat(access.lines())
                    .containsExactly(
                            "TIME\tdebug\taccess\tconnection opened\t" + OUTBOUND,
                            "TIME\tinfo\taccess\tconnection complete\t" + OUTBOUND
                                    + " bytes_sent=78 bytes_recv=414 duration=\"301ms\"");
        }
    }

    @Test
    void inboundConnection_countsAsTheApplicationSeesIt() {
        try (Captured access = new Captured("access", Level.INFO)) {
            Connection connection = log.opened(Traffic.INBOUND);
            connection.received(78);
            connection.sent(414);
            clock.jump(Duration.ofMillis(9));
            connection.closed(null);

            assertThat(access.lines())
                    .containsExactly("TIME\tinfo\taccess\tconnection complete\t" + INBOUND
                            + " bytes_sent=414 bytes_recv=78 duration=\"9ms\"");
        }
    }

    @Test
    void tunnelledConnection_isNamedAfterStockFields() {
        String name = " trace_id=\"0000000000000001000000000000000a\"";
        try (Captured access = new Captured("access", Level.DEBUG)) {
            Connection connection = log.opened(Traffic.NAMED);
            connection.closed(new TunnelException(TunnelError.DRAINED, TunnelError.DRAINED.hint()));

            assertThat(access.lines())
                    .containsExactly(
                            "TIME\tdebug\taccess\tconnection opened\t" + INBOUND + name,
                            "TIME\terror\taccess\tconnection complete\t" + INBOUND
                                    + " bytes_sent=0 bytes_recv=0 duration=\"0ms\""
                                    + " error=\"connection closed due to connection drain\"" + name);
        }
    }

    @Test
    void connection_thatFails_isAnErrorThatSaysWhatToLookAt() {
        try (Captured access = new Captured("access", Level.INFO)) {
            log.opened(Traffic.OUTBOUND).closed(TunnelException.rejected(503, "127.0.0.1:8080"));

            assertThat(access.lines()).hasSize(1);
            assertThat(access.lines().get(0))
                    .startsWith("TIME\terror\taccess\tconnection complete\t" + OUTBOUND
                            + " bytes_sent=0 bytes_recv=0 duration=\"0ms\" error=\"http status: 503 (CONNECT to")
                    .contains(TunnelError.CONNECT_REJECTED.hint());
        }
    }

    @Test
    void plaintextConnection_showsNoIdentities() {
        try (Captured access = new Captured("access", Level.INFO)) {
            log.opened(Traffic.PLAIN).closed(null);

            assertThat(access.lines())
                    .containsExactly("TIME\tinfo\taccess\tconnection complete\t" + PLAIN
                            + " bytes_sent=0 bytes_recv=0 duration=\"0ms\"");
        }
    }

    @Test
    void connection_whenTheClockGoesBack_didNotLastLessThanNothing() {
        try (Captured access = new Captured("access", Level.INFO)) {
            Connection connection = log.opened(Traffic.PLAIN);
            clock.jump(Duration.ofSeconds(-5));
            connection.closed(null);

            assertThat(access.lines().get(0)).endsWith(" duration=\"0ms\"");
        }
    }

    @Test
    void denied_isAWarningWithTheEndsAlone() {
        try (Captured access = new Captured("access", Level.INFO)) {
            log.denied(
                    Direction.INBOUND,
                    new InetSocketAddress("10.0.0.9", 1234),
                    new InetSocketAddress("10.0.0.1", 15008),
                    new TunnelException(TunnelError.TLS_HANDSHAKE_FAILED, "tls error: no certificate"));

            assertThat(access.lines())
                    .containsExactly(
                            "TIME\twarn\taccess\tconnection failed\tsrc.addr=10.0.0.9:1234 dst.addr=10.0.0.1:15008"
                                    + " direction=\"inbound\" error=\"tls error: no certificate: "
                                    + TunnelError.TLS_HANDSHAKE_FAILED.hint() + "\"");
        }
    }

    @Test
    void json_hasTheSameFieldsInTheSameOrder() {
        try (Captured access = new Captured("access", Level.INFO)) {
            Connection connection = log.opened(Traffic.INBOUND);
            connection.received(78);
            connection.closed(null);

            assertThat(access.lines(LogFormat.JSON))
                    .containsExactly(
                            "{\"level\":\"info\",\"time\":\"TIME\",\"scope\":\"access\",\"message\":\"connection"
                                    + " complete\",\"src.addr\":\"127.0.0.1:44064\",\"src.workload\":\"local\",\"src.namespace\":"
                                    + "\"default\",\"src.identity\":\"spiffe://cluster.local/ns/default/sa/local\",\"src.cluster\":"
                                    + "\"Kubernetes\",\"dst.addr\":\"127.0.0.1:15008\",\"dst.hbone_addr\":\"127.0.0.1:8080\","
                                    + "\"dst.workload\":\"local\",\"dst.namespace\":\"default\",\"dst.identity\":"
                                    + "\"spiffe://cluster.local/ns/default/sa/local\",\"dst.cluster\":\"Kubernetes\",\"direction\":"
                                    + "\"inbound\",\"bytes_sent\":0,\"bytes_recv\":78,\"duration\":\"0ms\"}");
        }
    }

    @Test
    void tunnels_areSeenAtDebug() {
        try (Captured tunnels = new Captured("tunnel", Level.DEBUG)) {
            log.tunnelOpened(Traffic.TUNNEL);
            log.tunnelClosed(Traffic.TUNNEL, null);
            log.tunnelClosed(Traffic.TUNNEL, new TunnelException(TunnelError.TUNNEL_CLOSED, "gone"));
            log.tolerated(Traffic.TUNNEL.peer(), "baggage");

            String tunnel = "local.addr=127.0.0.1:40000 peer.addr=127.0.0.2:15008"
                    + " peer.identity=\"spiffe://cluster.local/ns/default/sa/local\" direction=\"outbound\""
                    + " cipher=\"TLS_AES_128_GCM_SHA256\" certificate=\"1f\"";
            assertThat(tunnels.lines())
                    .containsExactly(
                            "TIME\tdebug\ttunnel\ttunnel opened\t" + tunnel,
                            "TIME\tdebug\ttunnel\ttunnel closed\t" + tunnel,
                            "TIME\tdebug\ttunnel\ttunnel closed\t" + tunnel + " error=\"gone: "
                                    + TunnelError.TUNNEL_CLOSED.hint() + "\"",
                            "TIME\tdebug\ttunnel\ttolerated\tpeer.addr=127.0.0.2:15008 what=\"baggage\"");
        }
    }

    @Test
    void loggerOff_saysNothing() {
        try (Captured access = new Captured("access", Level.OFF)) {
            log.opened(Traffic.OUTBOUND).closed(TunnelException.rejected(503, "x"));

            assertThat(access.lines()).isEmpty();
        }
    }
}
