package io.hbone.node.http;

import java.util.concurrent.CompletionStage;

/** Answers requests, at once or when it can. Called on an event loop: must not wait for anything. */
@FunctionalInterface
public interface HttpService {

    /**
     * What it throws, or fails with, is logged and answered with 500. Until it completes, which may be on any thread, the connection
     * waits, with what else was asked on it.
     */
    CompletionStage<HttpReply> serve(HttpQuery query);
}
