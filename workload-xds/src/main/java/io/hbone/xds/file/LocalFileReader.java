package io.hbone.xds.file;

import io.hbone.core.TrustDomain;
import io.hbone.xds.NamedResource;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Workload;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/** Reads ztunnel's local file (spec/ztunnel.md 7.7), bound by hand: a wrong file is answered with the place and the reason. */
final class LocalFileReader {
    /** Of a file, in characters: some 100,000 workloads. The library's default of 3 MiB is some thousands. */
    private static final int MAX_LENGTH = 128 << 20;

    private final WorkloadEntry workloadEntry;

    LocalFileReader(TrustDomain defaultTrustDomain) {
        workloadEntry = new WorkloadEntry(defaultTrustDomain);
    }

    LocalFile read(String yaml) {
        return read(parse(yaml));
    }

    LocalFile read(@Nullable Object document) {
        Fields root = Fields.of("", document);
        // Workloads and services are one kind of resource.
        Set<String> names = new HashSet<>();
        List<Workload> workloads = new ArrayList<>();
        for (Fields fields : root.all("workloads")) {
            Workload workload = workloadEntry.read(fields);
            if (!names.add(workload.uid())) {
                throw fields.wrong("uid", workload.uid(), "another one than those of the workloads above");
            }
            workloads.add(workload);
        }
        List<Service> services = new ArrayList<>();
        for (Fields fields : root.all("services")) {
            Service service = ServiceEntry.read(fields);
            if (!names.add(service.key())) {
                throw fields.wrong("hostname", service.key(), "another one than those of workloads and services above");
            }
            services.add(service);
        }
        List<NamedResource> policies = new ArrayList<>();
        for (Fields fields : root.all("policies")) {
            NamedResource policy = PolicyEntry.read(fields);
            if (!names.add("policy " + policy.name())) {
                throw fields.wrong("name", policy.name(), "another one than those of the policies above");
            }
            policies.add(policy);
        }
        root.rejectOthers();
        return new LocalFile(workloads, services, policies);
    }

    private static @Nullable Object parse(String yaml) {
        try {
            return parse(yaml, false);
        } catch (MarkedYamlEngineException e) {
            return parseAgain(yaml);
        } catch (YamlEngineException e) {
            throw notYaml(e);
        } catch (StackOverflowError e) {
            // The library has no limit for this. What it was doing had no effect outside of it.
            throw new LocalFileException("not YAML that we read: nested too deeply");
        }
    }

    /** Marks take as much memory as all that is read: they are made when something is wrong, to say where. */
    private static @Nullable Object parseAgain(String yaml) {
        try {
            return parse(yaml, true);
        } catch (MarkedYamlEngineException e) {
            String line = e.getProblemMark()
                    .map(mark -> " at line " + (mark.getLine() + 1) + " column " + (mark.getColumn() + 1))
                    .orElse("");
            throw new LocalFileException("not YAML: " + e.getProblem() + line);
        } catch (YamlEngineException e) {
            throw notYaml(e);
        }
    }

    private static @Nullable Object parse(String yaml, boolean marks) {
        LoadSettings settings = LoadSettings.builder()
                .setCodePointLimit(MAX_LENGTH)
                .setAllowDuplicateKeys(false)
                .setUseMarks(marks)
                .build();
        return new Load(settings).loadFromString(yaml);
    }

    private static LocalFileException notYaml(YamlEngineException e) {
        return new LocalFileException(
                "not YAML: " + String.valueOf(e.getMessage()).replaceAll("\\s+", " "));
    }
}
