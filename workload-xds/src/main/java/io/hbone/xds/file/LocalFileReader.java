package io.hbone.xds.file;

import io.hbone.core.TrustDomain;
import io.hbone.xds.NamedResource;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Workload;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.NoSuchFileException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/** Reads ztunnel's local file (spec/ztunnel.md 7.7), bound by hand: a wrong file is answered with the place and the reason. */
final class LocalFileReader implements YamlDocument.Items {
    private static final String WORKLOADS = "workloads";
    private static final String SERVICES = "services";
    private static final String POLICIES = "policies";
    private static final List<String> LISTS = List.of(WORKLOADS, SERVICES, POLICIES);

    private final WorkloadEntry workloadEntry;
    private final Entries entries;
    /** Workloads and services are one kind of resource. */
    private final Set<String> names = new HashSet<>();

    /** Takes entries as they are read. Each is good by itself; that all are is known at the end. */
    interface Entries {
        void workload(Workload workload);

        void service(Service service);

        /** Encoded. */
        void policy(NamedResource policy);
    }

    /** A text that can be read more than once. */
    interface Source {
        Reader open() throws IOException;
    }

    private LocalFileReader(TrustDomain defaultTrustDomain, Entries entries) {
        workloadEntry = new WorkloadEntry(defaultTrustDomain);
        this.entries = entries;
    }

    /**
     * Reads a text.
     *
     * @param entries is asked for a place to put entries into at each attempt
     * @return the one of the last attempt
     * @throws LocalFileException when it cannot be read or breaks the format
     */
    static <T extends Entries> T read(Source source, TrustDomain defaultTrustDomain, Supplier<T> entries) {
        try {
            return attempt(source, false, defaultTrustDomain, entries.get());
        } catch (MarkedYamlEngineException e) {
            // Marks take as much time as all else: they are made when something is wrong, to say where.
            return attemptWithMarks(source, defaultTrustDomain, entries.get());
        }
    }

    /** Takes what a YAML parser made of a text. */
    static <T extends Entries> T read(@Nullable Object document, TrustDomain defaultTrustDomain, T entries) {
        LocalFileReader reader = new LocalFileReader(defaultTrustDomain, entries);
        Fields root = Fields.of("", document);
        for (String list : LISTS) {
            List<?> values = root.list(list);
            for (int i = 0; i < values.size(); i++) {
                reader.item(list, i, values.get(i));
            }
        }
        root.rejectOthers();
        return entries;
    }

    private static <T extends Entries> T attemptWithMarks(Source source, TrustDomain defaultTrustDomain, T entries) {
        try {
            return attempt(source, true, defaultTrustDomain, entries);
        } catch (MarkedYamlEngineException e) {
            String line = e.getProblemMark()
                    .map(mark -> " at line " + (mark.getLine() + 1) + " column " + (mark.getColumn() + 1))
                    .orElse("");
            throw new LocalFileException("not YAML: " + e.getProblem() + line);
        }
    }

    private static <T extends Entries> T attempt(
            Source source, boolean marks, TrustDomain defaultTrustDomain, T entries) {
        try {
            YamlDocument.read(source.open(), marks, new LocalFileReader(defaultTrustDomain, entries));
            return entries;
        } catch (MarkedYamlEngineException e) {
            throw e;
        } catch (YamlEngineException e) {
            if (e.getCause() instanceof IOException cause) {
                throw unreadable(cause);
            }
            throw new LocalFileException(
                    "not YAML: " + String.valueOf(e.getMessage()).replaceAll("\\s+", " "));
        } catch (IOException e) {
            throw unreadable(e);
        } catch (StackOverflowError e) {
            // The library has no limit for this. What it was doing had no effect outside of it.
            throw new LocalFileException("not YAML that we read: nested too deeply");
        }
    }

    private static LocalFileException unreadable(IOException e) {
        if (e instanceof NoSuchFileException) {
            return new LocalFileException("no such file");
        }
        return e instanceof CharacterCodingException
                ? new LocalFileException("not UTF-8")
                : new LocalFileException("cannot be read: " + e, e);
    }

    @Override
    public boolean isList(String name) {
        return LISTS.contains(name);
    }

    @Override
    public void item(String list, int index, @Nullable Object value) {
        Fields fields = Fields.of(list + '[' + index + ']', value);
        switch (list) {
            case WORKLOADS -> workload(fields);
            case SERVICES -> service(fields);
            default -> policy(fields);
        }
    }

    private void workload(Fields fields) {
        Workload workload = workloadEntry.read(fields);
        if (!names.add(workload.uid())) {
            throw fields.wrong("uid", workload.uid(), "another one than those of workloads and services above");
        }
        entries.workload(workload);
    }

    private void service(Fields fields) {
        Service service = ServiceEntry.read(fields);
        if (!names.add(service.key())) {
            throw fields.wrong("hostname", service.key(), "another one than those of workloads and services above");
        }
        entries.service(service);
    }

    private void policy(Fields fields) {
        NamedResource policy = PolicyEntry.read(fields);
        if (!names.add("policy " + policy.name())) {
            throw fields.wrong("name", policy.name(), "another one than those of the policies above");
        }
        entries.policy(policy);
    }

    @Override
    public void noList(String name, @Nullable Object value) {
        if (value != null) {
            throw LocalFileException.of(name, Fields.show(value), "a list");
        }
    }

    @Override
    public void end(Map<Object, Object> others) {
        Fields root = Fields.of("", others);
        LISTS.forEach(root::has);
        root.rejectOthers();
    }

    @Override
    public void noMapping(@Nullable Object value) {
        Fields.of("", value);
        throw new AssertionError("a mapping: " + value);
    }
}
