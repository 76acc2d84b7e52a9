package io.hbone.netty.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.ArgumentMatchers.contains;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.verifyNoInteractions;

import org.junit.jupiter.api.Test;
import org.slf4j.Logger;

class TlsProviderTest {
    private final Logger logger = mock(Logger.class);

    @Test
    void boringssl_is_preferred_and_is_there() {
        assertThat(TlsProvider.OPENSSL.unavailabilityCause()).isNull();
        assertThat(TlsProvider.JDK.unavailabilityCause()).isNull();
        assertThat(TlsProvider.choose(null, null, logger)).isEqualTo(TlsProvider.OPENSSL);
        verifyNoInteractions(logger);
    }

    @Test
    void without_it_the_JDK_is_used_and_the_reason_logged() {
        Throwable cause = new UnsatisfiedLinkError("no netty_tcnative");

        assertThat(TlsProvider.choose(null, cause, logger)).isEqualTo(TlsProvider.JDK);
        verify(logger).warn(contains("BoringSSL is not available"), contains("no netty_tcnative"));
    }

    @Test
    void the_property_decides() {
        assertThat(TlsProvider.choose("jdk", null, logger)).isEqualTo(TlsProvider.JDK);
        assertThat(TlsProvider.choose("JDK", new Error(), logger)).isEqualTo(TlsProvider.JDK);
        assertThat(TlsProvider.choose("openssl", null, logger)).isEqualTo(TlsProvider.OPENSSL);
        assertThat(TlsProvider.choose("", null, logger)).isEqualTo(TlsProvider.OPENSSL);
        verifyNoInteractions(logger);
    }

    @Test
    void another_value_of_the_property_is_an_error() {
        assertThatThrownBy(() -> TlsProvider.choose("gnutls", null, logger))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("io.hbone.netty.tls.provider: gnutls (expected: openssl or jdk)");
    }
}
