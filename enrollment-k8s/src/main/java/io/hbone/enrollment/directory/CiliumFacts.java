package io.hbone.enrollment.directory;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.OwnerReference;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * What is kept of a Cilium endpoint (spec/cilium.md 4.7): the network of one pod, known as soon as the pod has it, and before the pod
 * itself tells of it.
 *
 * @param name the pod's
 * @param uid the pod's; empty where Cilium does not say
 * @param node the address of its machine
 */
record CiliumFacts(
        String namespace, String name, String uid, String serviceAccount, List<InetAddress> addresses, String node) {

    /** The one of a CiliumEndpoint. */
    static List<CiliumFacts> ofEndpoint(GenericKubernetesResource endpoint) {
        String uid = endpoint.getMetadata().getOwnerReferences().stream()
                .filter(owner -> "Pod".equals(owner.getKind()))
                .map(OwnerReference::getUid)
                .findFirst()
                .orElse("");
        Fields status = Fields.of(endpoint).in("status");
        return List.of(
                of(endpoint.getMetadata().getNamespace(), endpoint.getMetadata().getName(), uid, status));
    }

    /** Those of a CiliumEndpointSlice, all of one namespace. */
    static List<CiliumFacts> ofSlice(GenericKubernetesResource slice) {
        Fields fields = Fields.of(slice);
        String namespace = fields.text("namespace");
        List<CiliumFacts> endpoints = new ArrayList<>();
        for (Fields endpoint : fields.all("endpoints")) {
            endpoints.add(of(namespace, endpoint.text("name"), endpoint.text("pod-uid"), endpoint));
        }
        return List.copyOf(endpoints);
    }

    private static CiliumFacts of(String namespace, String name, String uid, Fields fields) {
        List<String> addresses = new ArrayList<>();
        for (Fields pair : fields.in("networking").all("addressing")) {
            addresses.add(pair.text("ipv4"));
            addresses.add(pair.text("ipv6"));
        }
        return new CiliumFacts(
                namespace,
                name,
                uid,
                fields.text("service-account"),
                PodFacts.addresses(addresses),
                fields.in("networking").text("node"));
    }

    /** The pod's facts, of a pod that tells of itself nothing yet. */
    PodFacts pod() {
        PodTemplate template = new PodTemplate(
                namespace,
                serviceAccount.isEmpty() ? "default" : serviceAccount,
                java.util.Map.of(),
                name,
                io.hbone.xds.model.WorkloadType.POD,
                false,
                false,
                false,
                java.util.Map.of());
        return new PodFacts(uid, name, template, addresses, true, node, node);
    }
}
