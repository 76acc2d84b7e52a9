package io.hbone.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UnixEndpointTest {
    @ParameterizedTest
    @ValueSource(strings = {"unix:///run/a.sock", "unix:/run/a.sock", "/run/a.sock"})
    void spellings_meanTheSame(String text) {
        assertThat(UnixEndpoint.parse(text)).hasToString("/run/a.sock");
        assertThat(UnixEndpoint.parse(text).uri()).isEqualTo("unix:///run/a.sock");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "run/a.sock", "unix:run/a.sock", "unix://run/a.sock", "tcp://127.0.0.1:1", "unix:", "/a\0b"})
    void whatIsNoPath_isRefused(String text) {
        assertThatThrownBy(() -> UnixEndpoint.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected: unix:///path");
    }

    @ParameterizedTest
    @ValueSource(ints = {108, 200})
    void pathThatTheKernelDoesNotTake_isRefused(int length) {
        assertThat(UnixEndpoint.parse("/" + "a".repeat(106)).path()).isAbsolute();
        assertThatThrownBy(() -> UnixEndpoint.parse("/" + "a".repeat(length - 1)))
                .hasMessageContaining("expected: <= 107");
    }
}
