package io.hbone.node.admin;

import io.hbone.node.http.HttpPage;
import io.hbone.node.http.HttpQuery;
import io.hbone.node.http.HttpReply;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;

/**
 * Whether traffic may be sent here: it may when nothing is pending (spec/ztunnel.md 1.4). Safe for use by any thread.
 */
public final class Readiness implements HttpPage {
    private static final String PATH = "/healthz/ready";

    private final Set<String> pending = new ConcurrentSkipListSet<>();

    /** Not ready until {@code task} is done. */
    public void await(String task) {
        pending.add(task);
    }

    /** One thing less to wait for; harmless when repeated. */
    public void done(String task) {
        pending.remove(task);
    }

    public boolean isReady() {
        return pending.isEmpty();
    }

    @Override
    public HttpReply reply(HttpQuery query) {
        if (!query.path().equals(PATH)) {
            return HttpReply.empty(404);
        }
        if (!query.isGet()) {
            return HttpReply.empty(405);
        }
        String waiting = String.join(", ", pending);
        return waiting.isEmpty()
                ? HttpReply.text(200, "ready\n")
                : HttpReply.text(500, "not ready, pending: " + waiting + "\n");
    }
}
