package io.hbone.node.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.LoggingEvent;
import io.hbone.node.config.LogFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

@Timeout(30)
class LogWriterTest {

    private static LoggingEvent event(int number) {
        Logger logger = (Logger) LoggerFactory.getLogger("x");
        return new LoggingEvent("fqcn", logger, Level.INFO, "line " + number, null, new Object[0]);
    }

    private static LogWriter writer(OutputStream out, int queue) {
        LogWriter writer = new LogWriter(new LogLineEncoder(LogFormat.PLAIN), out, queue);
        writer.setContext(((Logger) LoggerFactory.getLogger("x")).getLoggerContext());
        writer.start();
        return writer;
    }

    private static List<String> messages(ByteArrayOutputStream out) {
        List<String> messages = new ArrayList<>();
        for (String line : out.toString(StandardCharsets.UTF_8).split("\n")) {
            messages.add(line.split("\t")[3]);
        }
        return messages;
    }

    @Test
    void stop_writesEverythingInOrder() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LogWriter writer = writer(out, LogWriter.QUEUE);
        List<String> expected = new ArrayList<>();

        for (int i = 0; i < 1000; i++) {
            writer.doAppend(event(i));
            expected.add("line " + i);
        }
        writer.stop();

        assertThat(messages(out)).isEqualTo(expected);
    }

    @Test
    void append_queueFull_waitsAndDropsNothing() throws Exception {
        Semaphore mayWrite = new Semaphore(0);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LogWriter writer = writer(
                new OutputStream() {
                    @Override
                    public void write(int b) {
                        throw new UnsupportedOperationException();
                    }

                    @Override
                    public void write(byte[] bytes, int from, int length) {
                        mayWrite.acquireUninterruptibly();
                        out.write(bytes, from, length);
                    }
                },
                4);
        CountDownLatch logged = new CountDownLatch(1);
        Thread logging = new Thread(() -> {
            for (int i = 0; i < 100; i++) {
                writer.doAppend(event(i));
            }
            logged.countDown();
        });
        logging.start();

        Awaitility.await().until(() -> logging.getState() == Thread.State.WAITING);
        assertThat(logged.getCount()).isEqualTo(1);
        mayWrite.release(1000);
        logged.await();
        writer.stop();

        assertThat(messages(out)).hasSize(100).startsWith("line 0").endsWith("line 99");
    }

    @Test
    void append_interruptedWhileItWaits_logsAndStaysInterrupted() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LogWriter writer = writer(out, 4);
        Thread.currentThread().interrupt();

        writer.doAppend(event(1));

        assertThat(Thread.interrupted()).isTrue();
        writer.stop();
        assertThat(messages(out)).containsExactly("line 1");
    }

    @Test
    void run_streamThatFails_isNotTheEnd() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LogWriter writer = writer(
                new OutputStream() {
                    private boolean failed;

                    @Override
                    public void write(int b) throws IOException {
                        out.write(b);
                    }

                    @Override
                    public void write(byte[] bytes, int from, int length) throws IOException {
                        if (!failed) {
                            failed = true;
                            throw new IOException("full");
                        }
                        out.write(bytes, from, length);
                    }
                },
                4);

        writer.doAppend(event(1));
        Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> {
            writer.doAppend(event(2));
            return out.size() > 0;
        });
        writer.stop();

        assertThat(messages(out)).contains("line 2");
    }
}
