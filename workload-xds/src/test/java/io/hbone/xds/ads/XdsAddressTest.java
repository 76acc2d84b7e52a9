package io.hbone.xds.ads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class XdsAddressTest {
    @ParameterizedTest
    @CsvSource({
        "unix:///run/x.sock, unix:///run/x.sock",
        "unix://run/x.sock, unix://run/x.sock",
        "unix:/run/x.sock, unix:///run/x.sock",
        "https://istiod:15012, https://istiod:15012",
        "http://istiod:15010, http://istiod:15010",
        "istiod:15012, https://istiod:15012",
        "istiod, https://istiod:443",
        "HTTPS://[fd00::1]:15012, https://[fd00::1]:15012",
    })
    void parse_ofEachForm_readsIt(String text, String expected) {
        assertThat(XdsAddress.parse(text)).hasToString(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"unix:", "unix://", "unix:///", "ftp://x:1", "https://", "https://a b:1", "x:99999", "x:0"})
    void parse_ofSomethingElse_saysWhatIsExpected(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> XdsAddress.parse(text))
                .withMessageContaining("expected");
    }
}
