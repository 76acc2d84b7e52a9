package io.hbone.node.config;

/** How a log line is written: {@code LOG_FORMAT}. */
public enum LogFormat {
    /** Columns separated by tabs, then {@code key=value}. */
    PLAIN,
    /** One JSON object a line. */
    JSON
}
