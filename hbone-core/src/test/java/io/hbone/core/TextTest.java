package io.hbone.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TextTest {
    @Test
    void quote_plainText_isShownAsItIs() {
        assertThat(Text.quote("a b")).isEqualTo("\"a b\"");
        assertThat(Text.quote("")).isEqualTo("\"\"");
    }

    @Test
    void quote_lineFeedsAndEscapeSequences_cannotForgeLogLines() {
        assertThat(Text.quote("a\nb\u001b[31m\u00e9\"\\")).isEqualTo("\"a\\u000ab\\u001b[31m\\u00e9\\\"\\\\\"");
    }

    @Test
    void quote_longText_isCut() {
        assertThat(Text.quote("x".repeat(100))).isEqualTo('"' + "x".repeat(100) + '"');
        assertThat(Text.quote("x".repeat(101))).isEqualTo('"' + "x".repeat(100) + "\"... (101 characters)");
    }

    @ParameterizedTest
    @CsvSource({"1,1", "80,80", "15008,15008", "65535,65535"})
    void port_plainDigitsInRange_isRead(String text, int port) {
        assertThat(Text.port(text, 0, text.length())).isEqualTo(port);
        assertThat(Text.port("x" + text + "x", 1, text.length() + 1)).isEqualTo(port);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "080", "+80", "-1", "65536", "99999", "100000", "8o", " 80", "80 ", "\u0661"})
    void port_anythingElse_isNone(String text) {
        assertThat(Text.port(text, 0, text.length())).isEqualTo(-1);
    }

    @Test
    void hexDigit_everyChar_agreesWithTheJdkOnAscii() {
        for (char c = 0; c < 0x300; c++) {
            int expected = c < 128 ? Character.digit(c, 16) : -1;
            assertThat(Text.hexDigit(c)).as("%x", (int) c).isEqualTo(expected);
        }
    }

    @Test
    void appendHex_value_isPaddedAndCutToItsDigits() {
        StringBuilder out = new StringBuilder();
        Text.appendHex(out, 0xabcL, 4);
        Text.appendHex(out, 0x12345L, 2);
        Text.appendHex(out, -1L, 16);
        assertThat(out).hasToString("0abc45ffffffffffffffff");
    }

    @Test
    void skipAndTrim_onlySpaces_meetAtOneEnd() {
        assertThat(Text.skipSpace(" \t ", 0, 3)).isEqualTo(3);
        assertThat(Text.trimSpace(" \t ", 0, 3)).isZero();
        assertThat(Text.skipSpace(" a ", 0, 3)).isEqualTo(1);
        assertThat(Text.trimSpace(" a ", 0, 3)).isEqualTo(2);
    }

    @Test
    void startsWithIgnoreCase_prefixBeyondTheEnd_isNot() {
        assertThat(Text.startsWithIgnoreCase("xHoSt=a", 1, 7, "host=")).isTrue();
        assertThat(Text.startsWithIgnoreCase("xHost=a", 1, 5, "host=")).isFalse();
        assertThat(Text.startsWithIgnoreCase("xhort=a", 1, 7, "host=")).isFalse();
        // The Kelvin sign is a k to full Unicode case folding.
        assertThat(Text.startsWithIgnoreCase("\u212a", 0, 1, "k")).isFalse();
    }
}
