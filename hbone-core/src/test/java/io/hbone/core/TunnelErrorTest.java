package io.hbone.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class TunnelErrorTest {
    @ParameterizedTest
    @EnumSource(TunnelError.class)
    void everyError_isOneLineForAnOperator(TunnelError error) {
        assertThat(error.flag()).isNotNull();
        assertThat(error.blast()).isNotNull();
        assertThat(error.blame()).isNotNull();
        assertThat(error.hint()).isNotBlank().doesNotContain("\n").doesNotEndWith(".");
    }

    @ParameterizedTest
    @CsvSource({
        "TUNNEL_CONNECT_TIMEOUT, NETWORK_POLICY",
        "POLICY_DENIED, DENY",
        "CERTIFICATE_UNAVAILABLE, IDENTITY_ERROR",
        "PEER_CERTIFICATE_REVOKED, CERT_REVOKED",
        "CONNECT_REJECTED, CONNECT",
        "PROTOCOL_ERROR, H2_HANDSHAKE_FAILURE"
    })
    void flag_error_isTheOneOperatorsKnowFromZtunnel(TunnelError error, ResponseFlag flag) {
        assertThat(error.flag()).isEqualTo(flag);
        assertThat(error.flag().text()).isEqualTo(flag.name());
    }

    /** spec/ztunnel.md 2.3: the text that ztunnel logs, which other tools match on. */
    @Test
    void hint_tunnelConnectTimeout_isZtunnelsText() {
        assertThat(TunnelError.TUNNEL_CONNECT_TIMEOUT.hint())
                .isEqualTo("connection timed out, maybe a NetworkPolicy is blocking HBONE port 15008");
    }

    /** Stock ztunnel reports a failed handshake and a wrong peer with the generic CONNECT flag. */
    @ParameterizedTest
    @EnumSource(
            value = TunnelError.class,
            names = {"TLS_HANDSHAKE_FAILED", "TLS_HANDSHAKE_TIMEOUT", "PEER_IDENTITY_MISMATCH"})
    void flag_failedHandshake_ztunnelWeakness_isTlsFailure(TunnelError error) {
        assertThat(error.flag()).isEqualTo(ResponseFlag.TLS_FAILURE);
    }

    @Test
    void flag_orderlyEnds_areNoErrorToOperators() {
        assertThat(TunnelError.DRAINED.flag()).isEqualTo(ResponseFlag.NONE);
        assertThat(TunnelError.IDLE_TIMEOUT.flag().text()).isEqualTo("-");
    }
}
