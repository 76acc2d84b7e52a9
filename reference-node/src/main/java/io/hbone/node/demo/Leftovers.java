package io.hbone.node.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What demos leave behind that could not clean up. Everything that one makes has its process id in its name, so that the next one
 * knows what belongs to nobody any more, and two can run at once.
 */
final class Leftovers {
    private static final Pattern NAMESPACE = Pattern.compile("hbdemo-(\\d+)-\\w+");
    private static final Pattern DIRECTORY = Pattern.compile("hbone-demo-(\\d+)-\\w+");

    private Leftovers() {}

    static String namespaceOf(long owner, String what) {
        return "hbdemo-" + owner + '-' + what;
    }

    /** A directory for this process, for its owner alone. */
    static Path newDirectory() throws IOException {
        return Files.createTempDirectory("hbone-demo-" + ProcessHandle.current().pid() + '-');
    }

    static void removeNamespaces(String ip) throws IOException {
        for (String line : Shell.run(ip, "netns", "list").split("\n")) {
            String name = line.split(" ", 2)[0];
            if (isOrphan(NAMESPACE, name)) {
                removeNamespace(ip, name);
            }
        }
    }

    /** Removes a namespace with all that runs in it; does nothing when it is not there. */
    static void removeNamespace(String ip, String name) throws IOException {
        if (!Files.exists(Path.of("/run/netns", name))) {
            return;
        }
        for (String pid : Shell.run(ip, "netns", "pids", name).split("\\s+")) {
            if (!pid.isEmpty()) {
                ProcessHandle.of(Long.parseLong(pid)).ifPresent(ProcessHandle::destroyForcibly);
            }
        }
        Shell.run(ip, "netns", "del", name);
    }

    static void removeDirectories() throws IOException {
        Path parent = Path.of(System.getProperty("java.io.tmpdir"));
        List<Path> orphans;
        try (Stream<Path> files = Files.list(parent)) {
            orphans = files.filter(file -> isOrphan(DIRECTORY, String.valueOf(file.getFileName())))
                    .filter(file -> Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS) && isOurs(file))
                    .toList();
        }
        for (Path orphan : orphans) {
            removeDirectory(orphan);
        }
    }

    static void removeDirectory(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static boolean isOrphan(Pattern pattern, String name) {
        Matcher matcher = pattern.matcher(name);
        return matcher.matches()
                && ProcessHandle.of(Long.parseLong(matcher.group(1))).isEmpty();
    }

    private static boolean isOurs(Path file) {
        try {
            return Files.getOwner(file, LinkOption.NOFOLLOW_LINKS).equals(Files.getOwner(Path.of("/proc/self")));
        } catch (IOException e) {
            return false;
        }
    }
}
