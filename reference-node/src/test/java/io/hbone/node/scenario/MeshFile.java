package io.hbone.node.scenario;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Set;

/** The file that says to an agent what is to be on all machines. */
final class MeshFile {
    private static final String POD = """
            - uid: %1$s
              name: %2$s
              namespace: %3$s
              serviceAccount: default
              workloadIps: ["%4$s", "%5$s"]
              node: %6$s
              network: ""
              netns: %7$s
            """;

    /** As Istio's control plane writes it for a strict PeerAuthentication: who shows no identity gets nowhere. */
    private static final String STRICT = """
            - name: strict
              namespace: %s
              scope: Namespace
              action: Deny
              rules: [[[{notPrincipals: [{Presence: {}}]}]]]
              dryRun: false
            """;

    private final Path path;
    private final List<Workload> workloads;
    private Set<String> enrolled = Set.of();
    private Set<String> strict = Set.of();

    MeshFile(Path path, List<Workload> workloads) {
        this.path = path;
        this.workloads = workloads;
        write();
    }

    Path path() {
        return path;
    }

    /** The namespaces whose pods are enrolled. */
    void enroll(Set<String> namespaces) {
        if (!namespaces.equals(enrolled)) {
            enrolled = namespaces;
            write();
        }
    }

    /**
     * The namespaces whose pods let nobody in who is not.
     *
     * @return whether they were others
     */
    boolean strict(Set<String> namespaces) {
        if (namespaces.equals(strict)) {
            return false;
        }
        strict = namespaces;
        write();
        return true;
    }

    /** Swaps the file as ConfigMaps are swapped. */
    private void write() {
        StringBuilder text = new StringBuilder("namespaces:\n");
        workloads.stream()
                .map(Workload::namespace)
                .distinct()
                .forEach(namespace ->
                        text.append("  %s: {enrolled: %s}\n".formatted(namespace, enrolled.contains(namespace))));
        text.append("pods:\n");
        for (Workload each : workloads) {
            text.append(POD.formatted(
                    each.uid(),
                    each.name(),
                    each.namespace(),
                    each.pod().v4(),
                    each.pod().v6(),
                    each.machine(),
                    each.pod().namespace()));
        }
        text.append(strict.isEmpty() ? "policies: []\n" : "policies:\n");
        strict.forEach(namespace -> text.append(STRICT.formatted(namespace)));
        try {
            Path next = Files.writeString(path.resolveSibling(path.getFileName() + ".next"), text);
            Files.move(next, path, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
