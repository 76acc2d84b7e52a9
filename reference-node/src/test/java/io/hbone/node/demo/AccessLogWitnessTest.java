package io.hbone.node.demo;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AccessLogWitnessTest {
    private final NodeLog log = new NodeLog();
    private final AccessLogWitness witness = new AccessLogWitness(log);

    @Test
    void inboundConnection_isTurnedToTheOpenersView() {
        witness.line(
                "{\"level\":\"info\",\"scope\":\"access\",\"message\":\"connection complete\",\"src.addr\":\"10.0.0.1:5\","
                        + "\"src.identity\":\"spiffe://td/ns/n/sa/a\",\"dst.addr\":\"10.0.0.2:15008\",\"dst.hbone_addr\":\"10.0.0.2:80\","
                        + "\"direction\":\"inbound\",\"bytes_sent\":7,\"bytes_recv\":3,\"duration\":\"1ms\"}");

        assertThat(log.connections())
                .containsExactly(new Sighting(
                        false, "10.0.0.1:5", "10.0.0.2:15008", "10.0.0.2:80", "spiffe://td/ns/n/sa/a", 3, 7, null));
    }

    @Test
    void deniedConnection_isSeenWithItsReason() {
        witness.line("{\"scope\":\"access\",\"message\":\"connection failed\",\"src.addr\":\"10.0.0.1:5\","
                + "\"dst.addr\":\"10.0.0.2:80\",\"direction\":\"outbound\",\"error\":\"no route\"}");

        assertThat(log.connections())
                .containsExactly(new Sighting(true, "10.0.0.1:5", "10.0.0.2:80", null, null, 0, 0, "no route"));
    }

    @Test
    void tunnel_isSeenWithItsPeer() {
        witness.line(
                "{\"scope\":\"tunnel\",\"message\":\"tunnel opened\",\"local.addr\":\"10.0.0.1:5\",\"peer.addr\":"
                        + "\"10.0.0.2:15008\",\"peer.identity\":\"spiffe://td/ns/n/sa/a\",\"direction\":\"outbound\",\"cipher\":\"C\"}");

        assertThat(log.tunnels())
                .containsExactly(new TunnelSighting(true, "10.0.0.2:15008", "spiffe://td/ns/n/sa/a", "C"));
    }

    @Test
    void whatIsNoneOfThese_isPassedOver() {
        witness.line("Picked up JAVA_TOOL_OPTIONS: -Xmx1g");
        witness.line("{\"scope\":\"io.hbone.node.Node\",\"message\":\"ready\"}");
        witness.line("{\"broken");

        assertThat(log.connections()).isEmpty();
        assertThat(log.tunnels()).isEmpty();
    }
}
