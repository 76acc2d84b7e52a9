package io.hbone.netty.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.local.LocalAddress;
import java.net.ConnectException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

class AddressesTest {

    @Test
    void anIpv4AddressInIpv6IsIpv4() throws Exception {
        byte[] mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 10, 1, 2, 3};
        InetAddress inIpv6 = Inet6Address.getByAddress(null, mapped, 0); // the only way to get one
        assertThat(inIpv6).isInstanceOf(Inet6Address.class);
        InetSocketAddress canonical = Addresses.canonical(new InetSocketAddress(inIpv6, 80));
        assertThat(canonical.getAddress()).isInstanceOf(Inet4Address.class);
        assertThat(canonical).isEqualTo(new InetSocketAddress("10.1.2.3", 80));
    }

    @Test
    void whatIsCanonicalStays() {
        for (String ip : new String[] {"10.1.2.3", "::", "::1", "fd00::1", "::a00:1", "2001:db8::ffff:a00:1"}) {
            InetSocketAddress address = new InetSocketAddress(ip, 80);
            assertThat(Addresses.canonical(address)).isSameAs(address);
        }
        InetSocketAddress unresolved = InetSocketAddress.createUnresolved("name", 80);
        assertThat(Addresses.canonical(unresolved)).isSameAs(unresolved);
    }

    @Test
    void whatIsNoAddressOfTheInternetIsNull() {
        assertThat(Addresses.canonicalOrNull(null)).isNull();
        assertThat(Addresses.canonicalOrNull(new LocalAddress("here"))).isNull();
        assertThat(Addresses.canonicalOrNull(InetSocketAddress.createUnresolved("name", 80)))
                .isNull();
        assertThat(Addresses.canonicalOrNull(new InetSocketAddress("::1", 80))).isNotNull();
    }

    @Test
    void aRefusal_namesTheAddress_alsoWhereTheTransportDoesNot() {
        InetSocketAddress to = new InetSocketAddress("10.1.2.3", 80);
        assertThat(Addresses.reason(new ConnectException("Connection refused: " + to), to))
                .isEqualTo("Connection refused: 10.1.2.3:80");
        assertThat(Addresses.reason(new ConnectException("io_uring connect(..) failed: Connection refused"), to))
                .isEqualTo("io_uring connect(..) failed: Connection refused: 10.1.2.3:80");
        assertThat(Addresses.reason(new IllegalStateException("no socket"), to)).isEqualTo("no socket");
    }
}
