package io.hbone.node.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.node.http.HttpQuery;
import io.hbone.node.http.HttpReply;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReadinessTest {

    private final Readiness readiness = new Readiness();

    private HttpReply ask(String method, String path) {
        return readiness.reply(new HttpQuery(method, path, Map.of(), new DefaultHttpHeaders()));
    }

    private void assertReply(int status, String body) {
        HttpReply reply = ask("GET", "/healthz/ready");
        assertThat(reply.status()).isEqualTo(status);
        assertThat(new String(reply.body(), StandardCharsets.UTF_8)).isEqualTo(body);
    }

    @Test
    void nothingPending_isReady() {
        assertReply(200, "ready\n");
        assertThat(readiness.isReady()).isTrue();
    }

    @Test
    void tasks_areNamedUntilTheyAreDone() {
        readiness.await("state manager");
        readiness.await("proxy");
        assertReply(500, "not ready, pending: proxy, state manager\n");
        assertThat(readiness.isReady()).isFalse();

        readiness.done("state manager");
        readiness.done("state manager");
        assertReply(500, "not ready, pending: proxy\n");

        readiness.done("proxy");
        assertReply(200, "ready\n");

        readiness.await("shutdown");
        assertReply(500, "not ready, pending: shutdown\n");
    }

    @Test
    void otherRequests_areRefused() {
        assertThat(ask("POST", "/healthz/ready").status()).isEqualTo(405);
        assertThat(ask("GET", "/").status()).isEqualTo(404);
        assertThat(ask("POST", "/").status()).isEqualTo(404);
    }
}
