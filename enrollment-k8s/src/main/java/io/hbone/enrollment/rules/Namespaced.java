package io.hbone.enrollment.rules;

import io.hbone.zds.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a namespace is like before anything is run in it.
 *
 * @param families IPv4, and IPv6 where the kernel has it and it is not turned off for every interface
 * @param legacy the families that have one of our tables in iptables-legacy
 */
record Namespaced(Set<Family> families, Set<Family> legacy) {
    private static final Path IPV6_SETTINGS = Path.of("/proc/sys/net/ipv6/conf");
    private static final String DISABLE_IPV6 = "disable_ipv6";

    /** Of the thread, for the process itself is elsewhere. */
    private static final Path NETWORK = Path.of("/proc/thread-self/net");

    static Namespaced look(NetworkNamespace namespace) throws RedirectException {
        try {
            return namespace.run(() -> {
                Set<Family> families = EnumSet.of(Family.IPV4);
                if (hasIpv6()) {
                    families.add(Family.IPV6);
                }
                Set<Family> legacy = EnumSet.noneOf(Family.class);
                if (hasTables("ip_tables_names")) {
                    legacy.add(Family.IPV4);
                }
                if (hasTables("ip6_tables_names")) {
                    legacy.add(Family.IPV6);
                }
                return new Namespaced(families, legacy);
            });
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RedirectException("looking into " + namespace + ": interrupted", e);
        } catch (Exception e) {
            throw new RedirectException("looking into " + namespace + ": " + e.getMessage(), e);
        }
    }

    /** An interface that comes later gets what {@code default} says. */
    private static boolean hasIpv6() throws IOException {
        if (!Files.isDirectory(IPV6_SETTINGS)) {
            return false;
        }
        List<Path> interfaces;
        try (Stream<Path> settings = Files.list(IPV6_SETTINGS)) {
            interfaces = settings.filter(each -> !each.endsWith("all")).toList();
        }
        for (Path each : interfaces) {
            if (read(each.resolve(DISABLE_IPV6)).strip().equals("0")) {
                return true;
            }
        }
        return false;
    }

    private static boolean hasTables(String file) throws IOException {
        List<String> names = read(NETWORK.resolve(file)).lines().toList();
        return Stream.of(Table.values()).map(Table::toString).anyMatch(names::contains);
    }

    private static String read(Path file) throws IOException {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            return ""; // no such module, or the interface has gone
        }
    }
}
