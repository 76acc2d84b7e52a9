package io.hbone.enrollment.file;

import io.hbone.core.TrustDomain;
import io.hbone.enrollment.LocalWorkload;
import io.hbone.enrollment.NetworkReference;
import io.hbone.xds.file.LocalFile;
import io.hbone.xds.file.LocalFileException;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Workload;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/** Takes out of the file what ztunnel's format does not have, and leaves the rest to the reader of that. */
final class AgentFileReader {
    /** In characters: some 100,000 workloads. */
    private static final int MAX_LENGTH = 128 << 20;

    private static final String NAMESPACES = "namespaces";
    private static final String PODS = "pods";
    private static final String ENROLLED = "enrolled";

    private final String node;
    private final TrustDomain trustDomain;

    AgentFileReader(String node, TrustDomain trustDomain) {
        this.node = node;
        this.trustDomain = trustDomain;
    }

    AgentFile read(String yaml) {
        Map<Object, Object> document = mapping("the document", load(yaml));
        Set<String> enrolled = namespaces(document.remove(NAMESPACES));
        List<PodEntry> entries = entries(document.remove(PODS));
        LocalFile rest = LocalFile.of(document, trustDomain);

        Set<String> names = new HashSet<>();
        rest.workloads().forEach(workload -> names.add(workload.uid()));
        rest.services().stream().map(Service::key).forEach(names::add);
        List<Workload> pods = workloads(entries, enrolled);
        List<Workload> others = new ArrayList<>(rest.workloads());
        List<LocalWorkload> local = new ArrayList<>();
        for (int i = 0; i < pods.size(); i++) {
            Workload pod = pods.get(i);
            if (!names.add(pod.uid())) {
                throw new LocalFileException(PODS + '[' + i + "].uid: \"" + pod.uid()
                        + "\" (expected: another one than those of workloads, services and other pods)");
            }
            boolean here = pod.node().isEmpty() || pod.node().equals(node);
            NetworkReference network = entries.get(i).network();
            if (!here || pod.hostNetwork()) {
                others.add(pod);
            } else if (network == null) {
                throw new LocalFileException(PODS + '[' + i + "]: no network of " + pod.uid() + " (expected: one of "
                        + String.join(", ", PodEntry.REFERENCES) + ", or another machine's name as its node)");
            } else {
                local.add(new LocalWorkload(pod, network));
            }
        }
        return new AgentFile(local, new LocalFile(others, rest.services(), rest.policies()));
    }

    /** The namespaces whose pods are enrolled. */
    private static Set<String> namespaces(@Nullable Object node) {
        Set<String> enrolled = new HashSet<>();
        if (node == null) {
            return enrolled;
        }
        mapping(NAMESPACES, node).forEach((name, value) -> {
            String path = NAMESPACES + '.' + name;
            Map<Object, Object> settings = mapping(path, value);
            boolean wanted = PodEntry.flag(path + '.' + ENROLLED, settings.remove(ENROLLED), false);
            if (!settings.isEmpty()) {
                throw new LocalFileException(path + '.'
                        + settings.keySet().iterator().next() + ": unknown field (expected: " + ENROLLED + ")");
            }
            if (wanted) {
                enrolled.add(String.valueOf(name));
            }
        });
        return enrolled;
    }

    private static List<PodEntry> entries(@Nullable Object node) {
        if (node == null) {
            return List.of();
        }
        if (!(node instanceof List<?> list)) {
            throw new LocalFileException(PODS + ": no list (expected: a list of mappings)");
        }
        List<PodEntry> entries = new ArrayList<>(list.size());
        for (int i = 0; i < list.size(); i++) {
            String path = PODS + '[' + i + ']';
            entries.add(PodEntry.read(path, mapping(path, list.get(i))));
        }
        return entries;
    }

    private List<Workload> workloads(List<PodEntry> entries, Set<String> enrolled) {
        List<Map<Object, Object>> workloads =
                entries.stream().map(entry -> entry.workload(enrolled)).toList();
        try {
            return LocalFile.of(Map.of("workloads", workloads), trustDomain).workloads();
        } catch (LocalFileException e) {
            // They are in the same order; only the name of the list is another.
            throw new LocalFileException(String.valueOf(e.getMessage()).replaceFirst("^workloads\\[", PODS + "["));
        }
    }

    private static Map<Object, Object> mapping(String path, @Nullable Object node) {
        if (!(node instanceof Map<?, ?> map)) {
            throw new LocalFileException(path + ": no mapping (expected: one)");
        }
        return new LinkedHashMap<>(map);
    }

    private static @Nullable Object load(String yaml) {
        LoadSettings settings = LoadSettings.builder()
                .setCodePointLimit(MAX_LENGTH)
                .setAllowDuplicateKeys(false)
                .build();
        try {
            return new Load(settings).loadFromString(yaml);
        } catch (MarkedYamlEngineException e) {
            String line = e.getProblemMark()
                    .map(mark -> " at line " + (mark.getLine() + 1) + " column " + (mark.getColumn() + 1))
                    .orElse("");
            throw new LocalFileException("not YAML: " + e.getProblem() + line);
        } catch (YamlEngineException e) {
            throw new LocalFileException(
                    "not YAML: " + String.valueOf(e.getMessage()).replaceAll("\\s+", " "));
        } catch (StackOverflowError e) {
            // The library has no limit for this. What it was doing had no effect outside of it.
            throw new LocalFileException("not YAML that we read: nested too deeply");
        }
    }
}
