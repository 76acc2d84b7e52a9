package io.hbone.enrollment.directory;

import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of an EndpointSlice that somebody else than Kubernetes' own controller made. That one's say of pods and services what
 * pods and services say themselves.
 *
 * @param service the name of the service of its namespace that it is of
 * @param ports at the endpoints, by the names that they have at the service
 * @param others endpoints that are no pods, by address, and whether they are ready
 * @param pods the names of the pods of its namespace that are endpoints
 */
record SliceFacts(String service, Map<String, Integer> ports, Map<InetAddress, Boolean> others, List<String> pods) {
    /** Of slices that follow from pods and selectors. */
    static final String MADE_BY = "endpointslice.kubernetes.io/managed-by";

    static final String OWN_CONTROLLER = "endpointslice-controller.k8s.io";
    private static final String SERVICE = "kubernetes.io/service-name";

    /** Null when it is of no service, or names hosts instead of addresses. */
    static @Nullable SliceFacts of(EndpointSlice slice) {
        String service = Labels.of(slice.getMetadata()).get(SERVICE);
        if (service == null || "FQDN".equals(slice.getAddressType())) {
            return null;
        }
        Map<InetAddress, Boolean> others = new LinkedHashMap<>();
        List<String> pods = new ArrayList<>();
        for (Endpoint endpoint : slice.getEndpoints()) {
            ObjectReference target = endpoint.getTargetRef();
            if (target != null && "Pod".equals(target.getKind()) && target.getName() != null) {
                pods.add(target.getName());
            } else {
                boolean ready = endpoint.getConditions() == null
                        || !Boolean.FALSE.equals(endpoint.getConditions().getReady());
                PodFacts.addresses(endpoint.getAddresses()).forEach(address -> others.putIfAbsent(address, ready));
            }
        }
        return new SliceFacts(service, ports(slice), Map.copyOf(others), List.copyOf(pods));
    }

    private static Map<String, Integer> ports(EndpointSlice slice) {
        Map<String, Integer> ports = new HashMap<>();
        for (EndpointPort port : slice.getPorts()) {
            boolean tcp = port.getProtocol() == null || port.getProtocol().equals("TCP");
            if (tcp && port.getPort() != null) {
                ports.put(port.getName() == null ? "" : port.getName(), port.getPort());
            }
        }
        return Map.copyOf(ports);
    }
}
