package io.hbone.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ForwardedTest {
    @Test
    void header_clientAndHost_isAsZtunnelWritesIt() {
        assertThat(new Forwarded(address("10.0.0.1", 4567), "cart.shop.svc.cluster.local").header())
                .isEqualTo("for=\"10.0.0.1:4567\";host=cart.shop.svc.cluster.local");
        assertThat(new Forwarded(address("2001:db8::1", 4567), null).header()).isEqualTo("for=\"[2001:db8::1]:4567\"");
        assertThat(new Forwarded(null, "cart").header()).isEqualTo("host=cart");
        assertThat(Forwarded.NONE.header()).isEmpty();
    }

    @Test
    void header_clientWithZoneOrName_isThePlainAddress() throws Exception {
        byte[] linkLocal = InetAddress.getByName("fe80::1").getAddress();
        InetAddress scoped = java.net.Inet6Address.getByAddress("name", linkLocal, 1);
        assertThat(new Forwarded(new InetSocketAddress(scoped, 1), null).header())
                .isEqualTo("for=\"[fe80::1]:1\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"a;for=b", "a,for=b", "a b", "a\"", "a\\", "a\r\nx: y", "b\u00fccher", "a\u0000", "a\u007f"})
    void header_hostThatWouldNotReadBack_isLeftOutAndForgesNothing(String host) {
        assertThat(new Forwarded(null, host).header()).isEmpty();
        assertThat(new Forwarded(address("10.0.0.1", 1), host).header()).isEqualTo("for=\"10.0.0.1:1\"");
    }

    @Test
    void constructor_unresolvedClientPortZeroOrEmptyHost_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Forwarded(InetSocketAddress.createUnresolved("host", 80), null))
                .withMessageContaining("(expected: resolved, and a port)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Forwarded(address("10.0.0.1", 0), null))
                .withMessageContaining("(expected: resolved, and a port)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Forwarded(null, ""))
                .withMessageStartingWith("host: empty");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "host=cart | cart",
                "for=\"10.0.0.1:1\";host=cart | cart",
                "host=cart;for=\"10.0.0.1:1\" | cart",
                "host=\"cart\" | cart",
                "host=cart:80 | cart:80",
                "host=\"cart:80\" | cart:80",
                "host=*.example | *.example",
                "proto=https;host=cart;by=x | cart",
                // the first one wins
                "host=a;host=b | a",
                // the first that says anything
                "host=;host=b | b",
                "host=\"\";host=b | b",
                // RFC 7239: names in any case, white space, several hops
                "Host=cart | cart",
                " host=cart ; for=x | cart",
                "for=x;host=a, for=y;host=b | a",
                "for=\";host=evil\";host=a | a",
                "for=\",\";host=a | a"
            })
    void parse_host_isRead(String header, String host) {
        assertThat(Forwarded.parse(header).host()).isEqualTo(host);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ";",
                ",",
                ";;;",
                "host",
                "host=",
                "host=\"\"",
                "host= ",
                "hosts=a",
                "xhost=a",
                "for=x",
                "host=\"a",
                "host=a\"",
                "host=a b",
                "host=\"a b\"",
                "host=b\u00fccher",
                "host=a\u0000",
                "host=a\\b",
                "for=\";host=evil\"",
                "for=\"host=evil",
                "for=x, for=y;host=b"
            })
    void parse_noReadableHost_isNone(String header) {
        assertThat(Forwarded.parse(header).host()).isNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "for=\"10.0.0.1:4567\" | 10.0.0.1 | 4567",
                "for=10.0.0.1:4567 | 10.0.0.1 | 4567",
                "FOR=\"10.0.0.1:4567\" | 10.0.0.1 | 4567",
                "host=a;for=\"10.0.0.1:4567\" | 10.0.0.1 | 4567",
                "for=\"[2001:db8::1]:80\" | 2001:db8::1 | 80",
                "for=\"[::ffff:10.0.0.1]:80\" | 10.0.0.1 | 80",
                "for=\"10.0.0.1:1\";for=\"10.0.0.2:2\" | 10.0.0.1 | 1",
                "for=\"10.0.0.1:1\", for=\"10.0.0.2:2\" | 10.0.0.1 | 1"
            })
    void parse_client_isRead(String header, String ip, int port) {
        assertThat(Forwarded.parse(header).client()).isEqualTo(address(ip, port));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "for=unknown",
                "for=_hidden",
                "for=\"_hidden:80\"",
                "for=10.0.0.1",
                "for=\"[::1]\"",
                "for=\"::1:80\"",
                "for=\"10.0.0.1:0\"",
                "for=\"10.0.0.1:_port\"",
                "for=\"10.0.0.1:65536\"",
                "for=\"localhost:80\"",
                "for=\"127.1:80\"",
                "for=\"[10.0.0.1]:80\"",
                "for=\"[fe80::1%1]:80\"",
                "for=\"10.0.0.1:80",
                "for=\"\"",
                "for=",
                "for=\"[\"",
                "for=\"]:80\"",
                "for=\"[]:80\"",
                "for=\":80\"",
                "for=\":\"",
                "for"
            })
    void parse_noReadableClient_isNoneAndNothingIsLookedUp(String header) {
        assertThat(Forwarded.parse(header)).isSameAs(Forwarded.NONE);
    }

    @Test
    void parse_nullOrTooLong_isNone() {
        assertThat(Forwarded.parse(null)).isSameAs(Forwarded.NONE);
        String header = "host=" + "a".repeat(Forwarded.MAX_LENGTH - 5);
        assertThat(Forwarded.parse(header).host()).hasSize(Forwarded.MAX_LENGTH - 5);
        assertThat(Forwarded.parse(header + 'a')).isSameAs(Forwarded.NONE);
    }

    @Test
    void parse_charSequenceThatIsNoString_isRead() {
        assertThat(Forwarded.parse(new StringBuilder("for=\"[::1]:2\";host=a")))
                .isEqualTo(new Forwarded(address("::1", 2), "a"));
    }

    @Test
    void parse_randomValues_readBackEqual() throws Exception {
        SplittableRandom random = new SplittableRandom(7239);
        for (int i = 0; i < 10_000; i++) {
            byte[] ip = new byte[random.nextBoolean() ? 4 : 16];
            random.nextBytes(ip);
            InetSocketAddress client = random.nextInt(4) == 0
                    ? null
                    : new InetSocketAddress(InetAddress.getByAddress(ip), 1 + random.nextInt(65_535));
            String host = random.nextInt(4) == 0 ? null : "svc-" + Long.toString(random.nextLong() >>> 1, 36) + ".ns";
            Forwarded forwarded = new Forwarded(client, host);
            assertThat(Forwarded.parse(forwarded.header())).isEqualTo(forwarded);
        }
    }

    @FuzzTest
    void parse_anyInput_neverThrowsAndReadsBackEqual(byte[] input) {
        Forwarded forwarded = Forwarded.parse(new String(input, StandardCharsets.ISO_8859_1));
        String header = forwarded.header();
        assertThat(header).matches("[!-~]*");
        assertThat(Forwarded.parse(header)).isEqualTo(forwarded);
    }

    /** {@code ip} is always a literal. */
    private static InetSocketAddress address(String ip, int port) {
        try {
            return new InetSocketAddress(InetAddress.getByName(ip), port);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(ip, e);
        }
    }
}
