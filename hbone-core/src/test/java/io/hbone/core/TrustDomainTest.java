package io.hbone.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules of SPIFFE-ID section 2.1, each from both sides. */
class TrustDomainTest {
    @ParameterizedTest
    @ValueSource(
            strings = {"cluster.local", "example.org", "a", "0", "my_td", "-foo-", "a..b", "1234", "10.0.0.1", "_", "."
            })
    void of_allowedCharacters_isThatName(String name) {
        assertThat(TrustDomain.of(name).name()).isEqualTo(name);
        assertThat(TrustDomain.of(name)).hasToString(name).isEqualTo(new TrustDomain(name));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "Example.org",
                "EXAMPLE",
                "a b",
                "a/b",
                "a:80",
                "user@a",
                "a%20b",
                "a?b",
                "a#b",
                "b\u00fccher",
                "\u212a",
                "[::1]",
                "spiffe://example.org",
                "a\n",
                "a\u0000",
                "a,b",
                "a~b",
                "a*"
            })
    void of_anythingElse_isRefusedWithWhatWasExpected(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TrustDomain.of(name))
                .withMessageStartingWith("trustDomain: ")
                .withMessageContaining("(expected: ");
    }

    @Test
    void of_longestName_isReadAndOneMoreIsNot() {
        assertThat(TrustDomain.of("a".repeat(255)).name()).hasSize(255);
        assertThatIllegalArgumentException().isThrownBy(() -> TrustDomain.of("a".repeat(256)));
    }
}
