package io.hbone.node.demo;

/** How a connection must get from one pod to another. */
enum Passage {
    TUNNEL("tunnelled"),
    PASSTHROUGH("passed through"),
    PLAINTEXT("accepted in plaintext"),
    UNTOUCHED("untouched");

    private final String text;

    Passage(String text) {
        this.text = text;
    }

    /** As the report says it. */
    String text() {
        return text;
    }
}
