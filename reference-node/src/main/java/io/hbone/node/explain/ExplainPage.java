package io.hbone.node.explain;

import io.hbone.node.http.HttpPage;
import io.hbone.node.http.HttpQuery;
import io.hbone.node.http.HttpReply;
import io.hbone.node.text.Json;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** {@code GET /explain?src=WORKLOAD&dst=NAME:PORT}, a table, or JSON with {@code &format=json}. */
public final class ExplainPage implements HttpPage {
    /** Where it is. */
    public static final String PATH = "/explain";

    /** Of the reply: whether the connection would be allowed, {@code true} or {@code false}. */
    public static final String ALLOWED = "hbone-allowed";

    private static final String USAGE = "usage: GET /explain?src=WORKLOAD&dst=NAME:PORT[&format=json]\n";

    private final Explainer explainer;

    /** @param explainer must answer at once */
    public ExplainPage(Explainer explainer) {
        this.explainer = explainer;
    }

    @Override
    public HttpReply reply(HttpQuery query) {
        if (!query.isGet()) {
            return HttpReply.text(405, USAGE);
        }
        String source = query.parameter("src");
        String destination = query.parameter("dst");
        String format = query.parameter("format");
        if (isMissing(source) || isMissing(destination) || !(format == null || format.equals("json"))) {
            return HttpReply.text(400, USAGE);
        }
        CompletableFuture<Explanation> explained;
        try {
            explained = explainer
                    .explain(String.valueOf(source), String.valueOf(destination))
                    .toCompletableFuture();
        } catch (IllegalArgumentException e) {
            return HttpReply.text(404, e.getMessage() + "\n");
        }
        if (!explained.isDone()) {
            return HttpReply.text(503, "not known at once: a name has to be resolved\n");
        }
        Explanation explanation = explained.join();
        boolean json = format != null;
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
