package io.hbone.node.telemetry;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.hbone.node.config.LogFormat;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.LoggerFactory;

/** What a logger says, as the lines that the node would write, without the time. */
final class Captured implements AutoCloseable {
    private final Logger logger;
    private final ListAppender<ILoggingEvent> events = new ListAppender<>();

    Captured(String name, Level level) {
        logger = (Logger) LoggerFactory.getLogger(name);
        logger.setLevel(level);
        logger.setAdditive(false);
        logger.addAppender(events);
        events.start();
    }

    List<String> lines() {
        return lines(LogFormat.PLAIN);
    }

    List<String> lines(LogFormat format) {
        LogLineEncoder encoder = new LogLineEncoder(format);
        List<String> lines = new ArrayList<>();
        for (ILoggingEvent event : events.list) {
            String line = new String(encoder.encode(event), StandardCharsets.UTF_8);
            String untimed = line.replaceFirst("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z", "TIME");
            lines.add(untimed.substring(0, untimed.length() - 1));
        }
        return lines;
    }

    List<ILoggingEvent> events() {
        return events.list;
    }

    @Override
    public void close() {
        logger.detachAppender(events);
        logger.setAdditive(true);
        logger.setLevel(null);
    }
}
