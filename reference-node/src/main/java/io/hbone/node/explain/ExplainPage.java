package io.hbone.node.explain;

import io.hbone.node.http.HttpQuery;
import io.hbone.node.http.HttpReply;
import io.hbone.node.http.HttpService;
import io.hbone.node.text.Json;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** {@code GET /explain?src=WORKLOAD&dst=NAME:PORT}, a table, or JSON with {@code &format=json}. */
public final class ExplainPage implements HttpService {
    /** Where it is. */
    public static final String PATH = "/explain";

    /** Of the reply: whether the connection would be allowed, {@code true} or {@code false}. */
    public static final String ALLOWED = "hbone-allowed";

    private static final String USAGE = "usage: GET /explain?src=WORKLOAD&dst=NAME:PORT[&format=json]\n";

    /** Less than its callers have. */
    private static final Duration PATIENCE = Duration.ofSeconds(8);

    private final Explainer explainer;
    private final Duration patience;

    public ExplainPage(Explainer explainer) {
        this(explainer, PATIENCE);
    }

    ExplainPage(Explainer explainer, Duration patience) {
        this.explainer = explainer;
        this.patience = patience;
    }

    @Override
    public CompletionStage<HttpReply> serve(HttpQuery query) {
        if (!query.isGet()) {
            return now(HttpReply.text(405, USAGE));
        }
        String source = query.parameter("src");
        String destination = query.parameter("dst");
        String format = query.parameter("format");
        if (isMissing(source) || isMissing(destination) || !(format == null || format.equals("json"))) {
            return now(HttpReply.text(400, USAGE));
        }
        boolean json = format != null;
        try {
            return explainer
                    .explain(String.valueOf(source), String.valueOf(destination))
                    .thenApply(explanation -> reply(explanation, json))
                    .toCompletableFuture()
                    .completeOnTimeout(late(destination), patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (IllegalArgumentException e) {
            return now(HttpReply.text(404, e.getMessage() + "\n"));
        }
    }

    private static CompletionStage<HttpReply> now(HttpReply reply) {
        return CompletableFuture.completedFuture(reply);
    }

    private HttpReply late(@Nullable String destination) {
        return HttpReply.text(
                503,
                destination + ": not explained within " + patience.toSeconds()
                        + "s (expected: a name server that resolves the host name behind it)\n");
    }

    private static HttpReply reply(Explanation explanation, boolean json) {
        String body = json ? Json.pretty(explanation.toMap()) : explanation.toTable();
        return new HttpReply(
                200,
                json ? "application/json" : "text/plain; charset=utf-8",
                body.getBytes(StandardCharsets.UTF_8),
                Map.of(ALLOWED, String.valueOf(explanation.allowed())));
    }

    private static boolean isMissing(@Nullable String value) {
        return value == null || value.isEmpty();
    }
}
