package io.hbone.enrollment.rules;

/** What a rule does with a packet. */
sealed interface Target {
    /** Nothing more in this table. */
    record Accept() implements Target {}

    /** Nothing more in this chain. */
    record Return() implements Target {}

    record Jump(String chain) implements Target {}

    /** To a port of this namespace; the kernel remembers where it was meant to go. */
    record Redirect(int port) implements Target {}

    /** Marks the connection that the packet belongs to. */
    record MarkConnection(Mark mark) implements Target {}

    /** Gives the packet its connection's mark, all bits. */
    record RestoreMark() implements Target {}

    /** Tracks the connection apart from others with the same addresses. */
    record Zone(int zone) implements Target {}

    /** None of ours: found, never written. */
    record Foreign(String text) implements Target {}
}
