package io.hbone.identity.crl;

import io.hbone.core.FileStamp;
import io.hbone.core.RevocationSource;
import io.hbone.core.Revocations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Revocation lists from a file, {@code CRL_PATH} of ztunnel (spec/ztunnel.md 9.4): PEM with any number of lists, or one in DER. It
 * may be missing at the start. It is looked at every few seconds, and a change is taken when it has lasted from one look to the
 * next: a file that is being written is empty for a moment, and an empty file revokes nothing. What cannot be read leaves in force
 * what was known before.
 */
public final class CrlFile implements RevocationSource, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(CrlFile.class);

    /** How often to look if nothing else is wanted. */
    public static final Duration INTERVAL = Duration.ofSeconds(2);

    private final Path file;
    private final Future<?> watch;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    private volatile Revocations current = Revocations.NONE;
    private @Nullable FileStamp taken;
    private @Nullable FileStamp before;
    private volatile @Nullable String problem;

    private CrlFile(Path file, Duration interval, ScheduledExecutorService executor) {
        this.file = file;
        look(true);
        long millis = interval.toMillis();
        watch = executor.scheduleWithFixedDelay(() -> look(false), millis, millis, TimeUnit.MILLISECONDS);
    }

    /**
     * Reads the file, and goes on looking at it.
     *
     * @param interval how often, at least 1 ms
     * @param executor where it is read and subscribers are called; stays the caller's
     */
    public static CrlFile open(Path file, Duration interval, ScheduledExecutorService executor) {
        return new CrlFile(file, interval, executor);
    }

    /** What is wrong with the file as it is now; null when nothing is. */
    public @Nullable String problem() {
        return problem;
    }

    @Override
    public Revocations current() {
        return current;
    }

    @Override
    public Subscription subscribe(Runnable changed) {
        // A wrapper, so that who subscribes twice and closes one of both keeps the other.
        Runnable own = changed::run;
        listeners.add(own);
        return () -> listeners.remove(own);
    }

    /** Must not throw: the executor would not call again. */
    private synchronized void look(boolean atOnce) {
        String trouble;
        try {
            FileStamp now = FileStamp.of(file);
            boolean settled = atOnce || now.equals(before);
            before = now;
            if (now.equals(taken) || !settled) {
                return;
            }
            Revocations read = CrlSet.parse(Files.readAllBytes(file));
            taken = now;
            problem = null;
            current = read;
            log.info("revocation lists loaded: {} in {}", read, file);
            tell();
            return;
        } catch (NoSuchFileException e) {
            before = null;
            trouble = file + ": no such file";
        } catch (IOException e) {
            trouble = e.toString();
        } catch (GeneralSecurityException | RuntimeException e) {
            trouble = file + ": " + e.getMessage();
        }
        if (!Objects.equals(trouble, problem)) {
            problem = trouble;
            log.warn("revocation lists not loaded, what was known stays in force: {}", trouble);
        }
    }

    private void tell() {
        for (Runnable listener : listeners) {
            try {
                listener.run();
            } catch (RuntimeException e) {
                log.error("a listener failed", e);
            }
        }
    }

    /** Stops looking; what is known stays. */
    @Override
    public void close() {
        watch.cancel(false);
        listeners.clear();
    }
}
