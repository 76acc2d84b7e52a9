package io.hbone.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AuthorityTest {
    private static final String LABEL = "a".repeat(63);
    private static final String LONGEST_NAME = LABEL + '.' + LABEL + '.' + LABEL + '.' + "a".repeat(61);

    @ParameterizedTest
    @CsvSource({
        "10.0.0.1:8080, 10.0.0.1, 8080",
        "0.0.0.0:1, 0.0.0.0, 1",
        "[::1]:80, ::1, 80",
        "[2001:DB8:0:0::1]:65535, 2001:db8::1, 65535",
        "[::ffff:10.0.0.1]:80, 10.0.0.1, 80",
        "cart.shop.svc.cluster.local:80, cart.shop.svc.cluster.local, 80",
        "Cart.Shop.SVC:80, cart.shop.svc, 80",
        "localhost:15008, localhost, 15008",
        "my_service.example:443, my_service.example, 443",
        "a-b.c--d:443, a-b.c--d, 443",
        "1and1.example:443, 1and1.example, 443",
        "4.example:443, 4.example, 443",
        "0xz:443, 0xz, 443"
    })
    void parse_validAuthority_isReadInItsOneSpelling(String text, String host, int port) {
        Authority authority = Authority.parse(text);
        assertThat(authority.host()).isEqualTo(host);
        assertThat(authority.port()).isEqualTo(port);
        assertThat(Authority.parse(authority.toString())).isEqualTo(authority).hasSameHashCodeAs(authority);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // nothing, or a part of it
                "",
                ":",
                ":80",
                "host",
                "host:",
                "10.0.0.1",
                "10.0.0.1:",
                "[::1]",
                "[::1]:",
                "[]:80",
                "[:80",
                "]:80",
                "[::1:80",
                // ports
                "host:0",
                "host:65536",
                "host:http",
                "host:-1",
                "host: 80",
                "host:80 ",
                "host:8 0",
                "10.0.0.1:123456",
                // brackets belong to IPv6, and IPv6 needs them
                "[10.0.0.1]:80",
                "[host]:80",
                "::1:80",
                "2001:db8::1:80",
                "[[::1]]:80",
                "[::1]]:80",
                "[::1]x:80",
                "x[::1]:80",
                // zones, user info, white space, other parts of a URI
                "[fe80::1%eth0]:80",
                "[fe80::1%25eth0]:80",
                "user@host:80",
                "user:pass@host:80",
                " host:80",
                "ho st:80",
                "host\t:80",
                "host:80\r\nx: y",
                "http://host:80",
                "host:80/",
                "host/:80",
                "host:80?a",
                "host#:80",
                "ho%73t:80",
                // host names
                "-a:80",
                "a-:80",
                "a..b:80",
                ".a:80",
                "a.:80",
                "a!:80",
                "a,b:80",
                "*.example:80",
                "b\u00fccher.example:80",
                "\u212a.example:80",
                "host\u0000:80",
                "host:80:80"
            })
    void parse_anythingElse_isRefusedWithWhatWasExpected(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Authority.parse(text))
                .withMessageContaining("(expected: ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.1:80",
                "127.0.1:80",
                "2130706433:80",
                "0x7f000001:80",
                "0x7f.0.0.1:80",
                "0x:80",
                "017700000001:80",
                "127.0.0.01:80",
                "256.0.0.1:80",
                "1.2.3.4.5:80",
                "a.1:80",
                "a.0x1:80"
            })
    void parse_hostThatOtherParsersReadAsAnotherAddress_isRefused(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> Authority.parse(text));
    }

    /** Stock ztunnel leaves the port to Rust's integer parser, which reads a sign and leading zeros. */
    @ParameterizedTest
    @ValueSource(strings = {"host:+80", "10.0.0.1:+80", "host:080", "10.0.0.1:00080", "[::1]:+80"})
    void parse_portWithSignOrLeadingZeros_ztunnelWeakness_isRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Authority.parse(text))
                .withMessageContaining("a port from 1 to 65535");
    }

    @Test
    void parse_longestName_isReadAndOneMoreIsNot() {
        assertThat(Authority.parse(LONGEST_NAME + ":65535").host()).isEqualTo(LONGEST_NAME);
        assertThatIllegalArgumentException().isThrownBy(() -> Authority.parse('a' + LONGEST_NAME + ":65535"));
        assertThatIllegalArgumentException().isThrownBy(() -> Authority.parse('a' + LONGEST_NAME + ":80"));
        assertThatIllegalArgumentException().isThrownBy(() -> Authority.parse('a' + LABEL + ":80"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Authority.parse("a".repeat(1_000_000)))
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(300));
    }

    @Test
    void parse_hostileText_isNotRepeatedRawInTheMessage() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Authority.parse("evil\nINFO all is well:80"))
                .withMessageNotContaining("\n");
    }

    @Test
    void of_hostAndPort_isCanonicalised() {
        assertThat(Authority.of("2001:DB8::0:1", 80)).isEqualTo(Authority.parse("[2001:db8::1]:80"));
        assertThat(new Authority("Example.COM", 80).host()).isEqualTo("example.com");
        assertThat(Authority.of("::ffff:1.2.3.4", 80)).hasToString("1.2.3.4:80");
    }

    @ParameterizedTest
    @CsvSource({"[::1], 80", "'', 80", "host, 0", "host, 65536", "host, -1", "host:80, 80"})
    void of_invalidHostOrPort_isRefused(String host, int port) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Authority.of(host, port))
                .withMessageContaining("(expected: ");
    }

    @Test
    void of_socketAddress_isItsLiteral() throws Exception {
        assertThat(Authority.of(new InetSocketAddress(InetAddress.getByName("10.0.0.1"), 80)))
                .hasToString("10.0.0.1:80");
        InetAddress named = InetAddress.getByAddress("named", new byte[] {10, 0, 0, 1});
        assertThat(Authority.of(new InetSocketAddress(named, 80))).hasToString("10.0.0.1:80");
        assertThat(Authority.of(new InetSocketAddress(InetAddress.getByName("2001:db8::1"), 80)))
                .hasToString("[2001:db8::1]:80");
    }

    @Test
    void of_socketAddressWithZone_leavesTheZoneOut() throws Exception {
        byte[] linkLocal = InetAddress.getByName("fe80::1").getAddress();
        InetAddress scoped = java.net.Inet6Address.getByAddress(null, linkLocal, 1);
        assertThat(scoped.getHostAddress()).contains("%");
        assertThat(Authority.of(new InetSocketAddress(scoped, 80))).hasToString("[fe80::1]:80");
    }

    @Test
    void of_unresolvedAddressOrPortZero_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Authority.of(InetSocketAddress.createUnresolved("host", 80)))
                .withMessageContaining("(expected: resolved)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Authority.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)))
                .withMessage("port: 0 (expected: 1 to 65535)");
    }

    @Test
    void address_ipLiteral_isThatAddress() throws Exception {
        assertThat(Authority.parse("10.0.0.1:80").address()).isEqualTo(InetAddress.getByName("10.0.0.1"));
        assertThat(Authority.parse("[::1]:80").address()).isEqualTo(InetAddress.getByName("::1"));
        assertThat(Authority.parse("[::ffff:10.0.0.1]:80").address()).isEqualTo(InetAddress.getByName("10.0.0.1"));
    }

    @Test
    void address_name_isNoneAndNotLookedUp() {
        assertThat(Authority.parse("localhost:80").address()).isNull();
    }

    @Test
    void parse_randomAddresses_readBackEqual() throws Exception {
        SplittableRandom random = new SplittableRandom(9113);
        for (int i = 0; i < 10_000; i++) {
            byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
            random.nextBytes(bytes);
            InetSocketAddress address =
                    new InetSocketAddress(InetAddress.getByAddress(bytes), 1 + random.nextInt(65_535));
            Authority authority = Authority.of(address);
            assertThat(Authority.parse(authority.toString())).isEqualTo(authority);
            assertThat(authority.address()).isEqualTo(address.getAddress());
        }
    }

    @FuzzTest
    void parse_anyInput_isRefusedOrReadsBackEqual(byte[] input) {
        String text = new String(input, StandardCharsets.UTF_8);
        Authority authority;
        try {
            authority = Authority.parse(text);
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).contains("(expected: ").matches("[ -~]+");
            return;
        }
        String canonical = authority.toString();
        assertThat(canonical).matches("[!-~]+").isLowerCase();
        assertThat(Authority.parse(canonical)).isEqualTo(authority);
        assertThat(Authority.parse(canonical)).hasToString(canonical);
        InetAddress address = authority.address();
        if (address != null) {
            assertThat(Authority.of(new InetSocketAddress(address, authority.port())))
                    .isEqualTo(authority);
        }
    }
}
