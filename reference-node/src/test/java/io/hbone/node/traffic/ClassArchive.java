package io.hbone.node.traffic;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The class path of the tests without their own classes, and what a JVM has loaded of it while two nodes carried traffic (JEP 350):
 * with it a node starts with half of the work. Recorded when the first test starts a node, and again when a class has changed.
 */
public final class ClassArchive {
    private static final Path FOLDER = Path.of("target", "class-archive").toAbsolutePath();
    private static final Pattern CLASS_PATH_OF_TESTS = Pattern.compile(".*/(test-classes|junit-|mockito-|archunit).*");
    private static final int PATIENCE_SECONDS = 90;

    /** Else it says on standard output of which classes it has none. */
    private static final String QUIET = "-Xlog:cds*=off";

    private ClassArchive() {}

    /** Java, what each of the tests' JVMs is told, and the class path; the main class comes next. */
    public static List<String> java(String... options) {
        List<String> command = command(options);
        if (Recorded.WELL) {
            command.addAll(1, List.of("-XX:SharedArchiveFile=" + Recorded.FILE, QUIET));
        }
        return command;
    }

    private static List<String> command(String... options) {
        List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java"));
        command.add("-XX:+UseSerialGC");
        command.addAll(List.of(options));
        if (Runtime.version().feature() >= 22) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        command.addAll(List.of("-cp", Recorded.CLASS_PATH));
        return command;
    }

    private static String classPath() throws IOException {
        Files.createDirectories(FOLDER);
        List<String> entries = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!CLASS_PATH_OF_TESTS.matcher(entry).matches()) {
                Path path = Path.of(entry);
                entries.add(Files.isDirectory(path) ? jar(path).toString() : entry);
            }
        }
        return String.join(File.pathSeparator, entries);
    }

    /** Archives know jars alone. */
    private static Path jar(Path classes) throws IOException {
        Path jar =
                FOLDER.resolve(classes.toAbsolutePath().getParent().getParent().getFileName() + ".jar");
        List<Path> all;
        try (Stream<Path> tree = Files.walk(classes)) {
            all = tree.sorted().toList();
        }
        // A folder is newer when a file of it is there no more.
        if (all.stream().anyMatch(file -> isNewer(file, jar))) {
            try (OutputStream out = Files.newOutputStream(jar);
                    JarOutputStream entries = new JarOutputStream(out)) {
                for (Path file : all.stream().filter(Files::isRegularFile).toList()) {
                    entries.putNextEntry(new JarEntry(classes.relativize(file).toString()));
                    Files.copy(file, entries);
                }
            }
        }
        return jar;
    }

    private static boolean isNewer(Path one, Path other) {
        return !Files.exists(other)
                || one.toFile().lastModified() > other.toFile().lastModified();
    }

    private static boolean record() throws IOException, InterruptedException {
        if (Stream.of(Recorded.CLASS_PATH.split(File.pathSeparator))
                .noneMatch(entry -> isNewer(Path.of(entry), Recorded.FILE))) {
            return true;
        }
        Path recording = FOLDER.resolve("recording.jsa");
        Files.deleteIfExists(recording);
        List<String> command = command("-XX:TieredStopAtLevel=1", "-XX:ArchiveClassesAtExit=" + recording, QUIET);
        command.addAll(List.of("io.hbone.node.Hbone", "train", "--seconds", "1"));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(FOLDER.resolve("recording.log").toFile())
                .start();
        boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
        process.destroyForcibly();
        if (!ended || process.exitValue() != 0 || !Files.exists(recording)) {
            System.out.println("nodes start without an archive of classes; why is in " + FOLDER + "/recording.log");
            return false;
        }
        Files.move(recording, Recorded.FILE, StandardCopyOption.ATOMIC_MOVE);
        return true;
    }

    /** Done once. */
    private static final class Recorded {
        static final String CLASS_PATH;
        static final Path FILE;
        static final boolean WELL;

        static {
            try {
                CLASS_PATH = classPath();
                FILE = FOLDER.resolve(
                        "java-%d-%08x.jsa".formatted(Runtime.version().feature(), CLASS_PATH.hashCode()));
                WELL = record();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }
}
