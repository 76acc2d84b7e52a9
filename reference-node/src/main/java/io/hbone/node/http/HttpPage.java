package io.hbone.node.http;

/** Answers requests. Called on an event loop: must not wait for anything. */
@FunctionalInterface
public interface HttpPage {

    /** What it throws is logged and answered with 500. */
    HttpReply reply(HttpQuery query);
}
