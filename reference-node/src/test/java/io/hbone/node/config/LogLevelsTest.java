package io.hbone.node.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogLevelsTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "info | info",
                "WARN | warn",
                " debug | debug",
                "off | off",
                "warn,access=debug | warn,access=debug",
                "access=debug,warn | warn,access=debug",
                "access=info | error,access=info",
                "info,ztunnel=debug | info,io.hbone=debug",
                "info,h2::codec=trace | info,h2.codec=trace",
                "info,b=off,a=warn | info,a=warn,b=off",
                "info,a=warn,a=debug | info,a=debug"
            })
    void parse_directives_areRead(String text, String expected) {
        assertThat(LogLevels.parse(text)).hasToString(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "loud",
                "info,",
                "info,warn",
                "access",
                "access=",
                "access=loud",
                "=info",
                "a b=info",
                "a=b=info"
            })
    void parse_anythingElse_isNull(String text) {
        assertThat(LogLevels.parse(text)).isNull();
    }

    @Test
    void and_keepsWhatIsNotNamed() {
        LogLevels levels = LogLevels.parse("warn,access=debug");

        assertThat(levels.and("tunnel=trace")).hasToString("warn,access=debug,tunnel=trace");
        assertThat(levels.and("error")).hasToString("error,access=debug");
        assertThat(levels.and("nonsense=")).isNull();
    }
}
