package io.hbone.zds;

import io.hbone.zds.internal.Descriptor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Network namespaces for tests, and how many files the process has open. */
final class Namespaces {
    private static final Path OWN = Path.of("/proc/self/ns/net");

    private Namespaces() {}

    /** The one that the test runs in: real, and there without root. */
    static NetworkNamespace own() {
        try {
            return NetworkNamespace.open(OWN);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One that says to be another; nobody can enter it. */
    static NetworkNamespace pretended(long inode) {
        try {
            return new NetworkNamespace(Descriptor.open(Path.of("/dev/null")), new NetworkNamespace.Id(1, inode));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ZdsWorkload workload(String uid) {
        return new ZdsWorkload(uid, "pod-" + uid, "shop", "cart");
    }

    /** The network namespaces, and others, that this process has open: by the files that the descriptors stand for. */
    static long open(String kind) {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.filter(fd -> target(fd).startsWith(kind)).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String target(Path fd) {
        try {
            return Files.readSymbolicLink(fd).toString();
        } catch (IOException e) {
            return ""; // closed meanwhile
        }
    }
}
