package io.hbone.node.traffic;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The launcher of what ships, where the last build has put together for it what is tested now. */
final class Launcher {
    private static final Path SCRIPT = Path.of("..", "hbone").toAbsolutePath().normalize();
    private static final Path BUILT = Path.of("target", "hbone").toAbsolutePath();

    private Launcher() {}

    /** The script; empty when it would have to build first, to record an archive, or to start what is not tested here. */
    static Optional<Path> script() {
        try {
            return Files.isExecutable(SCRIPT) && hasArchive() && !wouldBuild() && isOfTheseClasses()
                    ? Optional.of(SCRIPT)
                    : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean hasArchive() throws IOException {
        if (!Files.isDirectory(BUILT)) {
            return false;
        }
        try (Stream<Path> files = Files.list(BUILT)) {
            return files.anyMatch(file -> file.getFileName().toString().matches("cluster-.*\\.AOTCache")
                    && file.toFile().length() > 0);
        }
    }

    private static boolean wouldBuild() throws IOException {
        FileTime built = newest(BUILT.resolve("built"));
        try (Stream<Path> modules = Files.list(SCRIPT.getParent())) {
            return modules.map(module -> module.resolve("src/main"))
                    .filter(Files::isDirectory)
                    .anyMatch(sources -> newest(sources).compareTo(built) > 0);
        }
    }

    /** Whether no module on the class path of the tests is younger than its copy. */
    private static boolean isOfTheseClasses() throws IOException {
        List<Path> modules = Stream.of(System.getProperty("java.class.path").split(":"))
                .map(Path::of)
                .filter(entry -> entry.endsWith("target/classes") || isJarOfModule(entry))
                .toList();
        for (Path module : modules) {
            String name = module.getParent().getParent().getFileName().toString();
            try (Stream<Path> all = Files.list(BUILT.resolve("lib"))) {
                Optional<Path> copy = all.filter(
                                file -> file.getFileName().toString().matches(name + "-[0-9].*\\.jar"))
                        .findFirst();
                if (copy.isEmpty() || newest(module).compareTo(Files.getLastModifiedTime(copy.get())) > 0) {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean isJarOfModule(Path entry) {
        return entry.getParent() != null
                && entry.getParent().endsWith("target")
                && entry.toString().endsWith(".jar")
                && !entry.toString().endsWith("-tests.jar");
    }

    private static FileTime newest(Path tree) {
        try (Stream<Path> all = Files.walk(tree)) {
            return all.filter(Files::isRegularFile)
                    .map(file -> FileTime.fromMillis(file.toFile().lastModified()))
                    .max(FileTime::compareTo)
                    .orElse(FileTime.fromMillis(0));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
