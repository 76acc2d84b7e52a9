package io.hbone.node.local;

import io.hbone.core.Route;
import io.hbone.core.SpiffeId;
import java.net.InetAddress;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A service of the file.
 *
 * @param vips the addresses that stand for it
 * @param ports its ports, and where they are at an endpoint that does not say otherwise; 0 for "nowhere"
 * @param subjectAltNames who else may answer for its endpoints
 * @param canonical whether it wins against others of its address
 * @param namespaceOnly whether only its own namespace sees it
 * @param ref what routes and logs call it
 */
record LocalService(
        List<Vip> vips,
        Map<Integer, Integer> ports,
        Set<SpiffeId> subjectAltNames,
        boolean canonical,
        boolean namespaceOnly,
        Route.ServiceRef ref) {

    LocalService {
        vips = List.copyOf(vips);
        ports = Collections.unmodifiableMap(new LinkedHashMap<>(ports));
        subjectAltNames = Set.copyOf(subjectAltNames);
    }

    /** An address in a network. */
    record Vip(String network, InetAddress address) {}

    /** As workloads refer to it. */
    String key() {
        return ref.namespace() + '/' + ref.hostname();
    }

    boolean isVisibleTo(String namespace) {
        return !namespaceOnly || ref.namespace().equals(namespace);
    }

    /** Where {@code servicePort} is at {@code workload}; 0 when it is nowhere. */
    int targetPort(LocalWorkload workload, int servicePort) {
        Integer own = workload.services().getOrDefault(key(), Map.of()).get(servicePort);
        if (own != null && own > 0) {
            return own;
        }
        return ports.getOrDefault(servicePort, 0);
    }
}
