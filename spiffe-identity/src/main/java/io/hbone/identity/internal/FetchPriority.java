package io.hbone.identity.internal;

/** What is asked for first when not all can be (spec/ztunnel.md 9.3). The most urgent comes first. */
public enum FetchPriority {
    /** A connection waits for it. */
    REAL_TIME,
    /** A connection may come soon. */
    WARMUP,
    /** What is held is good for some time. */
    BACKGROUND
}
