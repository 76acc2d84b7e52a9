package io.hbone.enrollment.file;

import io.hbone.core.TrustDomain;
import io.hbone.enrollment.LocalWorkload;
import io.hbone.xds.file.LocalFile;
import io.hbone.xds.file.LocalFileException;
import io.hbone.xds.model.Workload;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/**
 * What an agent's file says. It is ztunnel's local format (spec/ztunnel.md 7.7) with two more keys:
 *
 * <pre>{@code
 * namespaces:
 *   shop: {enrolled: true}          # of what follows; not if not said
 * pods:                             # those of all machines: the same file serves every agent
 * - name: cart                      # all fields of "workloads" but protocol, and:
 *   namespace: shop
 *   serviceAccount: cart
 *   workloadIps: [10.1.0.5]
 *   node: machine-a                 # whose pod it is; of every machine that reads it if not said
 *   netns: cart                     # or pid: 4711, path: /run/netns/cart, container: ID, pod: UID
 *   enrolled: false                 # opts out, or in, whatever its namespace says
 * workloads: []                     # what else there is
 * services: []
 * policies: []
 * }</pre>
 *
 * @param local the pods of this machine that have a network of their own
 * @param mesh all else: the pods of other machines, workloads, services, policies
 */
public record AgentFile(List<LocalWorkload> local, LocalFile mesh) {
    public AgentFile {
        local = List.copyOf(local);
    }

    /**
     * Reads a file.
     *
     * @param node the name of this machine
     * @param trustDomain of workloads that name none
     * @throws LocalFileException when it cannot be read or breaks the format; nothing of it is to be used
     */
    public static AgentFile read(Path path, String node, TrustDomain trustDomain) {
        try {
            return parse(Files.readString(path), node, trustDomain);
        } catch (NoSuchFileException e) {
            throw new LocalFileException("no such file");
        } catch (CharacterCodingException e) {
            throw new LocalFileException("not UTF-8");
        } catch (IOException e) {
            throw new LocalFileException("cannot be read: " + e, e);
        }
    }

    /**
     * Reads a file's text.
     *
     * @param node the name of this machine
     * @param trustDomain of workloads that name none
     * @throws LocalFileException when it breaks the format; nothing of it is to be used
     */
    public static AgentFile parse(String yaml, String node, TrustDomain trustDomain) {
        return new AgentFileReader(node, trustDomain).read(yaml);
    }

    /** Counts, for the log. */
    @Override
    public String toString() {
        long enrolled = local.stream()
                .map(LocalWorkload::workload)
                .filter(Workload::enrolled)
                .count();
        return local.size() + " pods of this machine, " + enrolled + " of them to be enrolled; of others " + mesh;
    }
}
