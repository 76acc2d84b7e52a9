package io.hbone.xds.file;

import com.google.protobuf.ByteString;
import io.hbone.core.TrustDomain;
import io.hbone.xds.NamedResource;
import io.hbone.xds.model.AddressCodec;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Workload;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a local file says.
 *
 * @param workloads in its order
 * @param services in its order
 * @param policies encoded, in its order
 */
public record LocalFile(List<Workload> workloads, List<Service> services, List<NamedResource> policies) {
    private static final int VERSION_BYTES = 8;

    public LocalFile {
        workloads = List.copyOf(workloads);
        services = List.copyOf(services);
        policies = List.copyOf(policies);
    }

    /**
     * Reads a file.
     *
     * @param trustDomain of workloads that name none
     * @throws LocalFileException when it cannot be read or breaks the format; nothing of it is to be used
     */
    public static LocalFile read(Path path, TrustDomain trustDomain) {
        return LocalFileReader.read(() -> Files.newBufferedReader(path), trustDomain, Records::new)
                .file();
    }

    /**
     * Reads a file's text.
     *
     * @param trustDomain of workloads that name none
     * @throws LocalFileException when it breaks the format; nothing of it is to be used
     */
    public static LocalFile parse(String yaml, TrustDomain trustDomain) {
        return LocalFileReader.read(() -> new StringReader(yaml), trustDomain, Records::new)
                .file();
    }

    /**
     * Reads what a YAML parser made of a file, or of a part of another file that has this format.
     *
     * @param document mappings, lists and values, as snakeyaml-engine gives them
     * @param trustDomain of workloads that name none
     * @throws LocalFileException when it breaks the format; nothing of it is to be used
     */
    public static LocalFile of(@Nullable Object document, TrustDomain trustDomain) {
        return LocalFileReader.read(document, trustDomain, new Records()).file();
    }

    /** Workloads and services as resources of {@link io.hbone.xds.TypeUrl#ADDRESS}. Their versions follow from what they say. */
    public List<NamedResource> addresses() {
        List<NamedResource> out = new ArrayList<>(workloads.size() + services.size());
        for (Workload workload : workloads) {
            out.add(resource(workload));
        }
        for (Service service : services) {
            out.add(resource(service));
        }
        return out;
    }

    static NamedResource resource(Workload workload) {
        return resource(workload.uid(), AddressCodec.encode(workload));
    }

    static NamedResource resource(Service service) {
        return resource(service.key(), AddressCodec.encode(service));
    }

    /** A resource whose version is the same as long as it says the same, also after a restart. */
    static NamedResource resource(String name, ByteString body) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(body.asReadOnlyByteBuffer());
            return new NamedResource(name, HexFormat.of().formatHex(digest.digest(), 0, VERSION_BYTES), body);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    /** Keeps entries as they are. */
    private static final class Records implements LocalFileReader.Entries {
        private final List<Workload> workloads = new ArrayList<>();
        private final List<Service> services = new ArrayList<>();
        private final List<NamedResource> policies = new ArrayList<>();

        @Override
        public void workload(Workload workload) {
            workloads.add(workload);
        }

        @Override
        public void service(Service service) {
            services.add(service);
        }

        @Override
        public void policy(NamedResource policy) {
            policies.add(policy);
        }

        LocalFile file() {
            return new LocalFile(workloads, services, policies);
        }
    }

    /** Counts, for the log. */
    @Override
    public String toString() {
        return workloads.size() + " workloads, " + services.size() + " services, " + policies.size() + " policies";
    }
}
