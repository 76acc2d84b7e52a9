package io.hbone.node.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpConnectionTest {

    private final List<HttpQuery> queries = new ArrayList<>();
    private final CompletableFuture<HttpReply> later = new CompletableFuture<>();
    private EmbeddedChannel channel;

    @BeforeEach
    void open() {
        channel = new EmbeddedChannel();
        channel.freezeTime();
        HttpPort.install(channel, query -> {
            queries.add(query);
            if (query.path().equals("/fail")) {
                throw new IllegalStateException("a defect");
            }
            return query.path().equals("/later")
                    ? later
                    : CompletableFuture.completedFuture(
                            HttpReply.text(200, query.method() + " " + query.path() + "\n"));
        });
    }

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    private void send(String text) {
        channel.writeInbound(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1));
    }

    private String received() {
        StringBuilder text = new StringBuilder();
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            text.append(out.toString(StandardCharsets.UTF_8));
            out.release();
        }
        return text.toString();
    }

    private void pass(long millis) {
        channel.advanceTimeBy(millis, TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();
    }

    @Test
    void request_isAnswered() {
        send("GET /a?x=1&y=%20z&x=2 HTTP/1.1\r\nHost: h\r\nAccept: text/plain\r\n\r\n");

        assertThat(received())
                .isEqualTo("HTTP/1.1 200 OK\r\n"
                        + "content-type: text/plain; charset=utf-8\r\n"
                        + "content-length: 7\r\n\r\n"
                        + "GET /a\n");
        HttpQuery query = queries.get(0);
        assertThat(query.isGet()).isTrue();
        assertThat(query.parameter("x")).isEqualTo("1");
        assertThat(query.parameter("y")).isEqualTo(" z");
        assertThat(query.parameter("z")).isNull();
        assertThat(query.header("accept")).isEqualTo("text/plain");
        assertThat(query.header("origin")).isEmpty();
        assertThat(channel.isOpen()).isTrue();
    }

    @Test
    void answerThatComesLater_isWaitedFor_andWhatWasAskedAfterItComesAfterIt() {
        send("GET /later HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\nconnection: close\r\n\r\n");
        assertThat(received()).isEmpty();
        assertThat(channel.config().isAutoRead())
                .as("no more is read of who asks more")
                .isFalse();

        later.complete(HttpReply.text(200, "at last\n"));
        channel.runPendingTasks();

        assertThat(received()).containsSubsequence("at last\n", "GET /2\n", "GET /3\n");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void answerThatFailsLater_is500_andTheConnectionGoesOn() {
        send("GET /later HTTP/1.1\r\n\r\n");

        later.completeExceptionally(new IllegalStateException("a defect"));
        channel.runPendingTasks();
        send("GET /2 HTTP/1.1\r\n\r\n");

        assertThat(received()).startsWith("HTTP/1.1 500 ").endsWith("GET /2\n");
    }

    @Test
    void clientThatHalfCloses_getsItsLateAnswer_andThenTheEnd() {
        send("GET /later HTTP/1.1\r\n\r\n");
        channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        assertThat(channel.isOpen()).isTrue();

        later.complete(HttpReply.text(200, "at last\n"));
        channel.runPendingTasks();

        assertThat(received()).endsWith("at last\n");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void requests_inOneConnection_areAnsweredInOrder() {
        send("GET /1 HTTP/1.1\r\n\r\n"
                + "POST /2 HTTP/1.1\r\n"
                + "content-length: 3\r\n\r\n"
                + "abcGET /3 HTTP/1.1\r\n"
                + "connection: close\r\n\r\n");

        assertThat(received())
                .contains("GET /1\n")
                .contains("POST /2\n")
                .contains("connection: close")
                .endsWith("GET /3\n");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void request_ofHttp10_endsTheConnection() {
        send("GET /1 HTTP/1.0\r\n\r\n");

        assertThat(received()).contains("GET /1\n");
        assertThat(channel.isOpen()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "'GET /%zz HTTP/1.1\r\n\r\n', 400 Bad Request",
        "'nonsense\r\n\r\n', 400 Bad Request",
        "'GET /x HTTP/1.1\r\ncontent-length: many\r\n\r\n', 400 Bad Request",
        "'GET /fail HTTP/1.1\r\n\r\n', 500 Internal Server Error"
    })
    void request_wrong_isRefused(String request, String status) {
        send(request);

        assertThat(received()).startsWith("HTTP/1.1 " + status + "\r\n");
    }

    @Test
    void request_withTooLongALine_isRefused() {
        send("GET /" + "x".repeat(5000) + " HTTP/1.1\r\n\r\n");

        assertThat(received()).startsWith("HTTP/1.1 414 ");
        assertThat(channel.isOpen()).isFalse();
        assertThat(queries).isEmpty();
    }

    @Test
    void request_withTooManyHeaders_isRefused() {
        send("GET / HTTP/1.1\r\n" + "h: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n".repeat(300) + "\r\n");

        assertThat(received()).startsWith("HTTP/1.1 431 ");
        assertThat(channel.isOpen()).isFalse();
        assertThat(queries).isEmpty();
    }

    @Test
    void request_withTooLongABody_isRefused() {
        send("POST / HTTP/1.1\r\ncontent-length: 1000000\r\n\r\n" + "x".repeat(70_000));

        assertThat(received()).startsWith("HTTP/1.1 413 ");
        assertThat(channel.isOpen()).isFalse();
        assertThat(queries).isEmpty();
    }

    @Test
    void client_thatSendsNothing_isLeftAfterTwoSeconds() {
        pass(1999);
        assertThat(channel.isOpen()).isTrue();
        pass(1);

        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void client_thatSendsSlowly_isLeftTwoSecondsAfterItBegan() {
        send("GET / HTTP/1.1\r\n\r\n");
        received();
        pass(30_000);
        send("GET ");
        pass(1500);
        send("/ HTTP/1.1\r\n");
        assertThat(channel.isOpen()).isTrue();
        pass(500);

        assertThat(channel.isOpen()).isFalse();
        assertThat(queries).hasSize(1);
    }

    @Test
    void client_thatAsksNoMore_isLeftAfterAMinute() {
        send("GET / HTTP/1.1\r\n\r\n");
        pass(64_999);
        assertThat(channel.isOpen()).isTrue();
        pass(1);

        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void client_thatClosedItsSendingSide_stillGetsItsAnswer() {
        send("GET /1 HTTP/1.1\r\n\r\n");
        channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);

        assertThat(received()).endsWith("GET /1\n");
        assertThat(channel.isOpen()).isFalse();
    }
}
