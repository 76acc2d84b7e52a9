package io.hbone.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpLiteralTest {
    private static final int CASES = 20_000;

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "10.0.0.1", "127.0.0.1", "255.255.255.255", "1.20.200.9"})
    void parse_dottedQuad_isRead(String text) throws Exception {
        assertThat(IpLiteral.parse(text, 0, text.length())).isEqualTo(InetAddress.getByName(text));
        assertThat(IpLiteral.parse("[" + text + "]", 1, text.length() + 1)).isEqualTo(InetAddress.getByName(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "1",
                "1.2",
                "1.2.3",
                "1.2.3.",
                "1.2.3.4.",
                "1.2.3.4.5",
                ".1.2.3.4",
                "1..2.3",
                "256.1.1.1",
                "1.1.1.256",
                "1.1.1.1000",
                "01.2.3.4",
                "1.2.3.04",
                "00.0.0.0",
                "1.2.3.4 ",
                " 1.2.3.4",
                "1.2.3.x",
                "0x7f.0.0.1",
                "2130706433",
                "1.2.3.-4",
                "1.2.3.+4",
                "\u0661.2.3.4"
            })
    void parse_whatOnlyLooksLikeADottedQuad_isNone(String text) {
        assertThat(IpLiteral.parse(text, 0, text.length())).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "::, 00000000000000000000000000000000",
        "::1, 00000000000000000000000000000001",
        "1::, 00010000000000000000000000000000",
        "2001:db8::1, 20010db8000000000000000000000001",
        "2001:DB8:0:0:8:800:200C:417A, 20010db80000000000080800200c417a",
        "1:2:3:4:5:6:7:8, 00010002000300040005000600070008",
        "1:2:3:4:5:6:7::, 00010002000300040005000600070000",
        "::2:3:4:5:6:7:8, 00000002000300040005000600070008",
        "0001:0::0001, 00010000000000000000000000000001",
        "64:ff9b::192.0.2.33, 0064ff9b0000000000000000c0000221",
        "1:2:3:4:5:6:1.2.3.4, 00010002000300040005000601020304",
        "::1.2.3.4, 00000000000000000000000001020304"
    })
    void parseV6_everyFormOfRfc4291_isRead(String text, String hex) {
        assertThat(IpLiteral.parseV6(text, 0, text.length())).asHexString().isEqualToIgnoringCase(hex);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":",
                ":::",
                "1",
                "1:",
                ":1",
                "1:2",
                "::1:",
                ":1::",
                "1::2::3",
                "::1::",
                "12345::",
                "::12345",
                "g::",
                "::g",
                "1:2:3:4:5:6:7",
                "1:2:3:4:5:6:7:8:9",
                "1:2:3:4:5:6:7:8::",
                "::1:2:3:4:5:6:7:8",
                "1:2:3:4::5:6:7:8",
                ":1:2:3:4:5:6:7:8",
                "1:2:3:4:5:6:7:8:",
                "1:2:3:4:5:6:7:1.2.3.4",
                "::1.2.3",
                "::1.2.3.4.5",
                "::1.2.3.256",
                "::01.2.3.4",
                "1.2.3.4::",
                "::1.2.3.4:1",
                "::1%eth0",
                "::1%25eth0",
                "fe80::1%1",
                "[::1]",
                " ::1",
                "::1 ",
                "::1/64",
                "::-1",
                "::ffff:1.2.3.4%0"
            })
    void parseV6_anythingElse_isNone(String text) {
        assertThat(IpLiteral.parseV6(text, 0, text.length())).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        // The examples of RFC 5952 sections 4 and 5.
        "2001:0db8::0001, 2001:db8::1",
        "2001:db8:0:0:0:0:2:1, 2001:db8::2:1",
        "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
        "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
        "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
        "2001:DB8::A, 2001:db8::a",
        "0:0:0:0:0:0:0:0, ::",
        "1:0:0:0:0:0:0:0, 1::",
        "0:0:0:0:0:0:0:1, ::1",
        "0:0:3:4:5:6:0:0, ::3:4:5:6:0:0",
        "::ffff:10.0.0.1, 10.0.0.1",
        "::ffff:0a00:1, 10.0.0.1",
        "::fffe:10.0.0.1, ::fffe:a00:1",
        "::10.0.0.1, ::a00:1"
    })
    void format_anyAddress_isTheOneSpelling(String text, String canonical) {
        byte[] bytes = IpLiteral.parseV6(text, 0, text.length());
        assertThat(bytes).isNotNull();
        assertThat(IpLiteral.format(bytes)).isEqualTo(canonical);
    }

    @Test
    void parseAndFormat_randomAddresses_areInverse() throws Exception {
        SplittableRandom random = new SplittableRandom(20_261_122);
        for (int i = 0; i < CASES; i++) {
            byte[] address = new byte[random.nextBoolean() ? 4 : 16];
            random.nextBytes(address);
            // Zero groups are what formatting is about.
            for (int zeros = random.nextInt(8); zeros > 0 && address.length == 16; zeros--) {
                int group = random.nextInt(8);
                address[2 * group] = 0;
                address[2 * group + 1] = 0;
            }
            InetAddress expected = InetAddress.getByAddress(address);
            String text = IpLiteral.format(address);
            assertThat(IpLiteral.parse(text, 0, text.length())).as(text).isEqualTo(expected);
            String uncompressed = expected.getHostAddress();
            assertThat(IpLiteral.parse(uncompressed, 0, uncompressed.length()))
                    .as(uncompressed)
                    .isEqualTo(expected);
            assertThat(text).doesNotContain(":::").isLowerCase();
        }
    }

    @Test
    void parseV6_randomTextOfItsAlphabet_agreesWithTheJdk() {
        SplittableRandom random = new SplittableRandom(5952);
        String alphabet = "::::0f1";
        int read = 0;
        for (int i = 0; i < CASES; i++) {
            StringBuilder text = new StringBuilder("1");
            for (int length = random.nextInt(18); length > 0; length--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            text.append(':').append(random.nextInt(3) == 0 ? "" : "1");
            byte[] ours = IpLiteral.parseV6(text, 0, text.length());
            // The JDK takes more than four digits when the first ones are zero; RFC 4291 does not.
            boolean longGroup = text.toString().matches(".*[0-9a-f]{5}.*");
            assertThat(ours).as(text.toString()).isEqualTo(longGroup ? null : jdk(text.toString()));
            read += ours == null ? 0 : 1;
        }
        assertThat(read).as("generated texts that are addresses").isGreaterThan(CASES / 20);
    }

    /** What the JDK reads, or null. It never looks a text with a colon up in DNS. */
    private static byte[] jdk(String text) {
        try {
            return InetAddress.getByName(text).getAddress();
        } catch (UnknownHostException e) {
            return null;
        }
    }
}
