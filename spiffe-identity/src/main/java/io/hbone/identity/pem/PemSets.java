package io.hbone.identity.pem;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Which sets of files there are. For one thread at a time. */
sealed interface PemSets {

    /**
     * Those of now; what is known of a set stays known for as long as it is there.
     *
     * @param problems gets what is wrong with the search itself
     */
    List<WatchedCertificate> look(Clock clock, List<String> problems);

    /** One set whose files are named. */
    final class Named implements PemSets {
        private final PemFiles files;
        private @Nullable WatchedCertificate watched;

        Named(PemFiles files) {
            this.files = files;
        }

        @Override
        public List<WatchedCertificate> look(Clock clock, List<String> problems) {
            WatchedCertificate known = watched;
            if (known == null) {
                known = new WatchedCertificate(files, clock);
                watched = known;
            }
            return List.of(known);
        }

        @Override
        public String toString() {
            return files.chain().toString();
        }
    }

    /** A folder with one set, or with a folder for each. */
    final class Folder implements PemSets {
        /** More is a wrong folder, and looking through it every two seconds would be felt. */
        private static final int MAX_FOLDERS = 10_000;

        private final Path folder;
        private Map<PemFiles, WatchedCertificate> watched = Map.of();

        Folder(Path folder) {
            this.folder = folder;
        }

        @Override
        public List<WatchedCertificate> look(Clock clock, List<String> problems) {
            Map<PemFiles, WatchedCertificate> next = new LinkedHashMap<>();
            try {
                for (PemFiles files : find()) {
                    WatchedCertificate known = watched.get(files);
                    next.put(files, known == null ? new WatchedCertificate(files, clock) : known);
                }
                watched = next;
                if (next.isEmpty()) {
                    problems.add(folder + ": no certificate in it (expected: " + PemFiles.EXPECTED + ")");
                }
            } catch (NoSuchFileException e) {
                // What was read stays in use: a volume that is gone for a moment takes no identity away.
                problems.add(e.getFile() + ": no such folder");
            } catch (IOException e) {
                problems.add(e.toString());
            }
            return List.copyOf(watched.values());
        }

        private List<PemFiles> find() throws IOException {
            List<PemFiles> found = new ArrayList<>();
            PemFiles itself = PemFiles.in(folder);
            if (itself != null) {
                found.add(itself);
            }
            try (Stream<Path> entries = Files.list(folder)) {
                // Kubernetes keeps versions of a mounted Secret in folders that begin with "..".
                entries.filter(entry -> !entry.getFileName().toString().startsWith("."))
                        .filter(Files::isDirectory)
                        .sorted()
                        .limit(MAX_FOLDERS)
                        .map(PemFiles::in)
                        .filter(Objects::nonNull)
                        .forEach(found::add);
            }
            return found;
        }

        @Override
        public String toString() {
            return folder.toString();
        }
    }
}
