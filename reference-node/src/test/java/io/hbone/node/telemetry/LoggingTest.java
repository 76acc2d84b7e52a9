package io.hbone.node.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import io.hbone.node.config.LogFormat;
import io.hbone.node.config.LogLevels;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

class LoggingTest {

    private final LogLevels before = Logging.levels();

    @AfterEach
    void restore() {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        new LogConfigurator().configure(context);
        Logging.setLevels(before);
    }

    private static boolean[] enabled(String logger) {
        Logger on = LoggerFactory.getLogger(logger);
        return new boolean[] {on.isDebugEnabled(), on.isInfoEnabled(), on.isWarnEnabled(), on.isErrorEnabled()};
    }

    @Test
    void setLevels_rootAndLoggers_areObeyed() {
        Logging.setLevels(LogLevels.parse("warn,access=debug,io.hbone.netty=off"));

        assertThat(enabled("anything")).containsExactly(false, false, true, true);
        assertThat(enabled("access")).containsExactly(true, true, true, true);
        assertThat(enabled("io.hbone.netty.h2.Tunnel")).containsExactly(false, false, false, false);
        assertThat(Logging.levels()).hasToString("warn,access=debug,io.hbone.netty=off");
    }

    @Test
    void setLevels_again_forgetsWhatIsNotNamedAnyMore() {
        Logging.setLevels(LogLevels.parse("warn,access=debug"));
        Logging.setLevels(LogLevels.parse("info"));

        assertThat(enabled("access")).containsExactly(false, true, true, true);
    }

    @Test
    void setLevels_debug_sparesUsNettysOwn() {
        Logging.setLevels(LogLevels.parse("debug"));
        assertThat(enabled("io.netty.util")).containsExactly(false, true, true, true);
        assertThat(enabled("io.hbone.x")).containsExactly(true, true, true, true);

        Logging.setLevels(LogLevels.parse("debug,io.netty=debug"));
        assertThat(enabled("io.netty.util")).containsExactly(true, true, true, true);
    }

    @Test
    void stop_writesWhatWasLogged() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Logging.start(LogFormat.PLAIN, LogLevels.DEFAULT, out);

        LoggerFactory.getLogger("x").info("hello {}", "there");
        LoggerFactory.getLogger("x").debug("not this");
        Logging.stop();

        assertThat(out.toString(StandardCharsets.UTF_8))
                .endsWith("\tinfo\tx\thello there\t\n")
                .hasLineCount(1);
    }
}
