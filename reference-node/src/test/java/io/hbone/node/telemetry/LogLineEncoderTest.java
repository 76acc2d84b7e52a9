package io.hbone.node.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.LoggingEvent;
import io.hbone.node.config.LogFormat;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class LogLineEncoderTest {

    private static LoggingEvent event(String logger, String message, Throwable error) {
        Logger on = (Logger) LoggerFactory.getLogger(logger);
        LoggingEvent event = new LoggingEvent("fqcn", on, Level.INFO, message, error, new Object[0]);
        event.setInstant(Instant.parse("2026-01-02T03:04:05.000678912Z"));
        return event;
    }

    private static String encode(LogFormat format, LoggingEvent event) {
        return new String(new LogLineEncoder(format).encode(event), StandardCharsets.UTF_8);
    }

    @Test
    void plain_line_hasFiveColumns() {
        assertThat(encode(LogFormat.PLAIN, event("io.hbone.node.Node", "started", null)))
                .isEqualTo("2026-01-02T03:04:05.000678Z\tinfo\tnode.Node\tstarted\t\n");
    }

    @Test
    void plain_foreignLogger_keepsItsName() {
        assertThat(encode(LogFormat.PLAIN, event("io.netty.X", "m", null))).contains("\tio.netty.X\t");
    }

    @Test
    void plain_messageWithControlCharacters_forgesNoLineAndNoColumn() {
        assertThat(encode(LogFormat.PLAIN, event("x", "a\nTIME\terror\taccess\u001b[0m", null)))
                .isEqualTo("2026-01-02T03:04:05.000678Z\tinfo\tx\ta TIME error access [0m\t\n");
    }

    @Test
    void plain_exception_followsTheLine() {
        String text = encode(LogFormat.PLAIN, event("x", "m", new IllegalStateException("why")));

        assertThat(text)
                .startsWith("2026-01-02T03:04:05.000678Z\tinfo\tx\tm\t\njava.lang.IllegalStateException: why\n\tat ");
        assertThat(text).endsWith("\n").doesNotEndWith("\n\n");
    }

    @Test
    void json_line_isOneObject() {
        assertThat(encode(LogFormat.JSON, event("io.hbone.node.Node", "say \"hi\"\n", null)))
                .isEqualTo(
                        "{\"level\":\"info\",\"time\":\"2026-01-02T03:04:05.000678Z\",\"scope\":\"io.hbone.node.Node\","
                                + "\"message\":\"say \\\"hi\\\"\\n\"}\n");
    }

    @Test
    void json_exception_isAField() {
        String text = encode(LogFormat.JSON, event("x", "m", new IllegalStateException("why")));

        assertThat(text)
                .contains(",\"stack\":\"java.lang.IllegalStateException: why\\n")
                .endsWith("}\n");
        assertThat(text.lines()).hasSize(1);
    }
}
