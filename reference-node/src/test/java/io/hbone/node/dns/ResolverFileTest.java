package io.hbone.node.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

class ResolverFileTest {
    @Test
    void serversAndSearchDomains_areRead_andTheRestIsNot() {
        ResolverFile file = ResolverFile.parse("""
            # nameserver 1.1.1.1
            domain old.example
            search shop.svc.Cluster.local. svc.cluster.local
            nameserver 10.96.0.10
            nameserver  fd00::10
            nameserver dns.example
            options ndots:5 timeout:1
            """);

        assertThat(file.servers()).extracting(InetSocketAddress::getPort).containsExactly(53, 53);
        assertThat(file.servers().get(0).getAddress().getHostAddress()).isEqualTo("10.96.0.10");
        assertThat(file.search()).containsExactly("shop.svc.cluster.local", "svc.cluster.local");
    }

    @Test
    void fourthServer_isNotAsked() {
        assertThat(ResolverFile.parse("nameserver 10.0.0.1\n".repeat(5)).servers())
                .hasSize(ResolverFile.MAX_SERVERS);
    }

    @Test
    void nothing_isNoServer() {
        assertThat(ResolverFile.parse("").servers()).isEmpty();
        assertThat(ResolverFile.parse("nameserver\nsearch\n").search()).isEmpty();
    }
}
