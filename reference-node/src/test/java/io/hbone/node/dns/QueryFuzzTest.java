package io.hbone.node.dns;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.hbone.node.text.Ip;
import io.netty.handler.codec.dns.DnsResponseCode;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Whatever an application sends to port 53. */
class QueryFuzzTest {
    @FuzzTest(maxDuration = "2m")
    void anyBytes_areReadOrRefused_andRepliesStayWithinWhatTheAskerTakes(byte[] message) {
        if (!Query.isQuery(message)) {
            return;
        }
        Query query;
        try {
            query = Query.parse(message);
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).startsWith("DNS query: ");
            assertThat(Messages.read(Replies.toHead(message, DnsResponseCode.FORMERR))
                            .code())
                    .isEqualTo(1);
            return;
        }
        List<InetAddress> addresses = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            addresses.add(Objects.requireNonNull(Ip.parse(query.isForIpv6() ? "fd00::" + i : "10.0.0." + i)));
        }

        byte[] reply = Replies.of(query, new Answer("stripped", addresses), Replies.limit(query));

        assertThat(reply).hasSizeLessThanOrEqualTo(Replies.limit(query));
        assertThat((reply[0] & 0xff) << 8 | reply[1] & 0xff).isEqualTo(query.id());
        assertThat(reply[7]).as("the alias, and addresses").isGreaterThan((byte) 1);
        assertThat(Query.isQuery(reply))
                .as("no query, or two proxies would talk for ever")
                .isFalse();
    }
}
