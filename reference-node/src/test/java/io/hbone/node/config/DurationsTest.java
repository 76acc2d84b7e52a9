package io.hbone.node.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationsTest {

    @ParameterizedTest
    @CsvSource({
        "0, PT0S",
        "5, PT5S",
        "180s, PT3M",
        "5m, PT5M",
        "1h30m, PT1H30M",
        "300ms, PT0.3S",
        "1.5s, PT1.5S",
        ".5s, PT0.5S",
        "2.s, PT2S",
        "7us, PT0.000007S",
        "7µs, PT0.000007S",
        "9ns, PT0.000000009S",
        "1h1m1s1ms, PT1H1M1.001S",
        "2562047h, PT2562047H"
    })
    void parse_goDuration_isRead(String text, Duration expected) {
        assertThat(Durations.parse(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "s",
                "-1s",
                "+1s",
                "1 s",
                "1d",
                "1.5",
                "1s2",
                "1..5s",
                ".",
                ".s",
                "1e3s",
                "0x10s",
                "ten",
                "9999999999h",
                "1S",
                "1hm",
                "99999999999999999999999999999999999999999999999999999999999999999s"
            })
    void parse_anythingElse_isNull(String text) {
        assertThat(Durations.parse(text)).isNull();
    }

    @ParameterizedTest
    @CsvSource({"PT1H, 1h", "PT1.5S, 1500ms", "PT90S, 90s", "PT0.001S, 1ms"})
    void format_picksTheLargestWholeUnit(Duration duration, String expected) {
        assertThat(Durations.format(duration)).isEqualTo(expected);
    }
}
