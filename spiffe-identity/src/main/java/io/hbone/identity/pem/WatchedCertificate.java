package io.hbone.identity.pem;

import io.hbone.core.FileStamp;
import io.hbone.core.WorkloadCertificate;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What was last read from one set of files, and what is wrong with them now. For one thread at a time. */
final class WatchedCertificate {
    private final PemFiles files;
    private final Clock clock;
    private @Nullable WorkloadCertificate latest;
    private @Nullable String problem;
    private @Nullable List<FileStamp> seen;

    WatchedCertificate(PemFiles files, Clock clock) {
        this.files = files;
        this.clock = clock;
    }

    PemFiles files() {
        return files;
    }

    /** The last set of files that fitted; null when none did yet. */
    @Nullable WorkloadCertificate latest() {
        return latest;
    }

    /** Why the files of now are not taken; null when they are. */
    @Nullable String problem() {
        return problem;
    }

    /** Takes the files if they changed and fit. Answers whether there is a problem that was not there before. */
    boolean look() {
        String trouble;
        try {
            List<FileStamp> stamps = files.stamps();
            if (problem == null && stamps.equals(seen)) {
                return false;
            }
            WorkloadCertificate read = files.read();
            if (!read.isValidAt(clock.instant())) {
                throw new GeneralSecurityException(
                        files.chain() + ": valid from " + read.notBefore() + " to " + read.notAfter());
            }
            seen = stamps;
            problem = null;
            // The same instance goes on when nothing changed: TLS contexts are kept by instance.
            latest = read.equals(latest) ? latest : read;
            return false;
        } catch (NoSuchFileException e) {
            trouble = e.getFile() + ": no such file";
        } catch (IOException e) {
            trouble = e.toString();
        } catch (GeneralSecurityException | RuntimeException e) {
            trouble = String.valueOf(e.getMessage());
        }
        boolean fresh = !Objects.equals(trouble, problem);
        problem = trouble;
        return fresh;
    }
}
