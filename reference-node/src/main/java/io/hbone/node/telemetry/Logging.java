package io.hbone.node.telemetry;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import io.hbone.node.config.LogFormat;
import io.hbone.node.config.LogLevels;
import java.io.OutputStream;
import org.slf4j.LoggerFactory;

/** Sets logging up, by code: a configuration file would cost the start a fifth of a second. */
public final class Logging {
    /** Its debug lines are for those who debug Netty, who name it. */
    private static final String NETTY = "io.netty";

    private static volatile LogLevels levels = LogLevels.DEFAULT;

    private Logging() {}

    /** From now on lines go to {@code out} in that format, written by another thread. */
    public static void start(LogFormat format, LogLevels initial, OutputStream out) {
        LoggerContext context = context();
        context.reset();
        context.start(); // a context that has been stopped would not stop again, and so not write what is left
        LogWriter writer = new LogWriter(new LogLineEncoder(format), out, LogWriter.QUEUE);
        writer.setContext(context);
        writer.start();
        context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(writer);
        setLevels(initial);
    }

    /** How much is logged. */
    public static LogLevels levels() {
        return levels;
    }

    /** Changes how much is logged. */
    public static synchronized void setLevels(LogLevels replacement) {
        LoggerContext context = context();
        for (Logger logger : context.getLoggerList()) {
            if (!logger.getName().equals(Logger.ROOT_LOGGER_NAME)) {
                logger.setLevel(null);
            }
        }
        Level root = level(replacement.root());
        context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(root);
        if (!root.isGreaterOrEqual(Level.INFO)) {
            context.getLogger(NETTY).setLevel(Level.INFO);
        }
        replacement.byLogger().forEach((name, level) -> context.getLogger(name).setLevel(level(level)));
        levels = replacement;
    }

    /** Writes what was logged and stops logging. */
    public static void stop() {
        context().stop();
    }

    static Level level(LogLevels.Level level) {
        return switch (level) {
            case TRACE -> Level.TRACE;
            case DEBUG -> Level.DEBUG;
            case INFO -> Level.INFO;
            case WARN -> Level.WARN;
            case ERROR -> Level.ERROR;
            case OFF -> Level.OFF;
        };
    }

    private static LoggerContext context() {
        return (LoggerContext) LoggerFactory.getILoggerFactory();
    }
}
