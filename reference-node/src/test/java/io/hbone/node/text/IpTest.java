package io.hbone.node.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpTest {

    @ParameterizedTest
    @CsvSource({"10.0.0.1, 10.0.0.1", "::1, ::1", "2001:DB8::0:1, 2001:db8::1", "::ffff:1.2.3.4, 1.2.3.4"})
    void parse_address_hasOneSpelling(String text, String expected) {
        assertThat(Ip.format(Ip.parse(text))).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "localhost", "1.2.3", "01.2.3.4", "[::1]", "::1%lo", "1.2.3.4:80", "10.0.0.0/8"})
    void parse_anythingElse_isNullAndAsksNoDns(String text) {
        assertThat(Ip.parse(text)).isNull();
    }

    @Test
    void format_socketAddress_hasBracketsAroundIpv6() throws Exception {
        assertThat(Ip.format(new InetSocketAddress(InetAddress.getByName("::1"), 80)))
                .isEqualTo("[::1]:80");
        assertThat(Ip.format(new InetSocketAddress("1.2.3.4", 80))).isEqualTo("1.2.3.4:80");
        assertThat(Ip.format(InetSocketAddress.createUnresolved("host", 80))).isEqualTo("host:80");
        assertThat(Ip.format(new InetSocketAddress("1.2.3.4", 0))).isEqualTo("1.2.3.4:0");
    }
}
