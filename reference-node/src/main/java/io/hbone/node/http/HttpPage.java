package io.hbone.node.http;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Answers requests at once. Called on an event loop: must not wait for anything. */
public interface HttpPage extends HttpService {

    /** What it throws is logged and answered with 500. */
    HttpReply reply(HttpQuery query);

    @Override
    default CompletionStage<HttpReply> serve(HttpQuery query) {
        return CompletableFuture.completedFuture(reply(query));
    }
}
