package io.hbone.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class TunnelExceptionTest {
    @Test
    void explain_anyError_isMessageAndHintInOneLine() {
        TunnelException e = new TunnelException(TunnelError.NO_ROUTE, "to 10.0.0.1:80");
        assertThat(e.explain()).isEqualTo("to 10.0.0.1:80: " + TunnelError.NO_ROUTE.hint());
        assertThat(e).hasMessage("to 10.0.0.1:80").hasNoCause();
        assertThat(e.error()).isEqualTo(TunnelError.NO_ROUTE);
        assertThat(e.flag()).isEqualTo(ResponseFlag.CONNECT);
        assertThat(e.status()).isEqualTo(TunnelException.NO_STATUS);
    }

    @Test
    void explain_messageThatIsTheHint_isNotRepeated() {
        TunnelException drained = new TunnelException(TunnelError.DRAINED, TunnelError.DRAINED.hint());
        assertThat(drained.explain()).isEqualTo("connection closed due to connection drain");
        TunnelException longer = new TunnelException(TunnelError.DRAINED, "stream 1: " + TunnelError.DRAINED.hint());
        assertThat(longer.explain()).isEqualTo("stream 1: connection closed due to connection drain");
    }

    @Test
    void rejected_status_isKept() {
        TunnelException e = TunnelException.rejected(401, "10.0.0.1:80");
        assertThat(e.error()).isEqualTo(TunnelError.CONNECT_REJECTED);
        assertThat(e.status()).isEqualTo(401);
        assertThat(e).hasMessageContaining("401").hasMessageContaining("10.0.0.1:80");
    }

    @Test
    void constructor_cause_isKept() {
        IOException cause = new IOException("reset");
        assertThat(new TunnelException(TunnelError.TUNNEL_CLOSED, "closed", cause))
                .isInstanceOf(IOException.class)
                .hasCause(cause);
    }

    @Test
    void constructor_anyError_takesNoStackTrace() {
        assertThat(new TunnelException(TunnelError.INTERNAL, "x").getStackTrace())
                .isEmpty();
    }

    @Test
    void constructor_nullError_isRefused() {
        assertThatNullPointerException()
                .isThrownBy(() -> new TunnelException(null, "x"))
                .withMessage("error");
    }
}
