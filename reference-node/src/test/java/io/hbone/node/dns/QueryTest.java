package io.hbone.node.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class QueryTest {
    @Test
    void query_isReadWithWhatTheAskerCanTake() {
        Query query = Query.parse(Messages.query(7, "Cart.Store.svc", Messages.AAAA, 1232));

        assertThat(query.name()).isEqualTo("cart.store.svc");
        assertThat(query.isForIpv6()).isTrue();
        assertThat(query.payload()).isEqualTo(1232);
        assertThat(query.id()).isEqualTo(7);
        assertThat(query).hasToString("AAAA cart.store.svc.");
    }

    @Test
    void typeThatNobodyHasNamed_isOneWordForMetrics() {
        assertThat(Query.parse(Messages.query("x", 65_333)).typeName()).isEqualTo("unknown");
        assertThat(Query.parse(Messages.query("x", Messages.TXT)).typeName()).isEqualTo("TXT");
    }

    @Test
    void dotInsideOfALabel_isNoDotBetweenTwo() {
        byte[] message = Messages.query("cartXstore", Messages.A);
        message[Query.HEAD + 5] = '.';

        assertThat(Query.parse(message).name()).hasSize(10).doesNotContain(".");
    }

    @Test
    void whatEndsEarly_isRefused_wherever() {
        byte[] whole = Messages.query(1, "cart.store", Messages.A, 1232);
        for (int length = Query.HEAD; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> Query.parse(cut)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void questionWithAPointer_isRefused() {
        byte[] message = Messages.query("cart", Messages.A);
        ByteBuffer.wrap(message).putShort(Query.HEAD, (short) 0xc00c);

        assertThatThrownBy(() -> Query.parse(message)).hasMessageContaining("label of 192 bytes");
    }

    @Test
    void twoQuestions_areRefused() {
        byte[] message = Messages.query("cart", Messages.A);
        message[5] = 2;

        assertThatThrownBy(() -> Query.parse(message)).hasMessage("DNS query: 2 questions (expected: one)");
    }

    @Test
    void nameOfMoreThan255Bytes_isRefused() {
        String label = "x".repeat(60) + '.';

        assertThatThrownBy(() -> Query.parse(Messages.query(label.repeat(5), Messages.A)))
                .hasMessageContaining("a name of");
    }
}
