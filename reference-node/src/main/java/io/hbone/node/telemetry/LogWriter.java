package io.hbone.node.telemetry;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Writes log lines on a thread of its own, several in one system call when they come fast (spec/ztunnel.md 10.3). When nobody
 * takes them as fast as they come, whoever logs waits: a line is never dropped.
 *
 * <p>Logback's own asynchronous appender writes every line by itself.
 */
final class LogWriter extends UnsynchronizedAppenderBase<ILoggingEvent> {
    static final int QUEUE = 10_000;
    private static final int BATCH = 64;
    private static final long STOP_SECONDS = 2;

    private final LogLineEncoder encoder;
    private final OutputStream out;
    private final BlockingQueue<ILoggingEvent> queue;
    private final Thread thread = new Thread(this::run, "hbone-log");
    private volatile boolean stopping;

    LogWriter(LogLineEncoder encoder, OutputStream out, int queue) {
        this.encoder = encoder;
        this.out = out;
        this.queue = new ArrayBlockingQueue<>(queue);
        thread.setDaemon(true);
    }

    @Override
    public void start() {
        thread.start();
        super.start();
    }

    /** Waits for what was logged before to be written, for two seconds at most. */
    @Override
    public void stop() {
        if (!isStarted()) {
            return;
        }
        super.stop();
        stopping = true;
        // Wakes the thread when it waits for a line; lines that are still in the queue are written first.
        thread.interrupt();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(STOP_SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    protected void append(ILoggingEvent event) {
        event.prepareForDeferredProcessing();
        boolean interrupted = false;
        while (true) {
            try {
                queue.put(event);
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        List<ILoggingEvent> batch = new ArrayList<>(BATCH);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(8192);
        while (true) {
            ILoggingEvent first = next();
            if (first == null) {
                return;
            }
            batch.add(first);
            queue.drainTo(batch, BATCH - 1);
            for (ILoggingEvent event : batch) {
                bytes.writeBytes(encoder.encode(event));
            }
            batch.clear();
            try {
                bytes.writeTo(out);
                out.flush();
            } catch (IOException e) {
                // Nobody is left to tell: the stream that failed is the one for telling.
            }
            bytes.reset();
        }
    }

    /** Null when there is nothing left to write and there will not be. */
    private @Nullable ILoggingEvent next() {
        while (true) {
            ILoggingEvent event = queue.poll();
            if (event != null || stopping) {
                return event;
            }
            try {
                return queue.take();
            } catch (InterruptedException e) {
                // stop() did it: once more through the loop for what came last.
            }
        }
    }
}
