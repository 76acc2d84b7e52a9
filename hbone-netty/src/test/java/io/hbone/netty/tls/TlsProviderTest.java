package io.hbone.netty.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TlsProviderTest {
    private final List<String> log = new ArrayList<>();

    @Test
    void boringssl_is_preferred_and_is_there() {
        assertThat(TlsProvider.OPENSSL.unavailabilityCause()).isNull();
        assertThat(TlsProvider.JDK.unavailabilityCause()).isNull();
        assertThat(TlsProvider.choose(null, null, log::add)).isEqualTo(TlsProvider.OPENSSL);
        assertThat(log).isEmpty();
    }

    @Test
    void without_it_the_JDK_is_used_and_the_reason_logged() {
        Throwable cause = new UnsatisfiedLinkError("no netty_tcnative");

        assertThat(TlsProvider.choose(null, cause, log::add)).isEqualTo(TlsProvider.JDK);
        assertThat(log)
                .containsExactly("TLS is done by the JDK, which is slower, because BoringSSL is not available: "
                        + "java.lang.UnsatisfiedLinkError: no netty_tcnative");
    }

    @Test
    void the_property_decides() {
        assertThat(TlsProvider.choose("jdk", null, log::add)).isEqualTo(TlsProvider.JDK);
        assertThat(TlsProvider.choose("JDK", new Error(), log::add)).isEqualTo(TlsProvider.JDK);
        assertThat(TlsProvider.choose("openssl", null, log::add)).isEqualTo(TlsProvider.OPENSSL);
        assertThat(TlsProvider.choose("", null, log::add)).isEqualTo(TlsProvider.OPENSSL);
        assertThat(log).isEmpty();
    }

    @Test
    void another_value_of_the_property_is_an_error() {
        assertThatThrownBy(() -> TlsProvider.choose("gnutls", null, log::add))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("io.hbone.netty.tls.provider: gnutls (expected: openssl or jdk)");
    }
}
