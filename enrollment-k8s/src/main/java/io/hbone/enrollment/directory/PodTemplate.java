package io.hbone.enrollment.directory;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.hbone.enrollment.kubernetes.LeftAlone;
import io.hbone.xds.model.WorkloadType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What pods of one owner have in common, as a rule; kept once for all of them.
 *
 * @param ports the TCP ports of its containers that have a name
 * @param sidecar whether it has one of its own, and so no use for a node
 * @param redirected whether somebody said that its traffic is led through a node
 */
record PodTemplate(
        String namespace,
        String serviceAccount,
        Map<String, String> labels,
        String workloadName,
        WorkloadType type,
        boolean hostNetwork,
        boolean sidecar,
        boolean redirected,
        Map<String, Integer> ports) {
    private static final String DEFAULT_ACCOUNT = "default";
    private static final List<String> NAMES = List.of(Names.CANONICAL_NAME, "app.kubernetes.io/name", "app");
    private static final List<String> REVISIONS =
            List.of(Names.CANONICAL_REVISION, "app.kubernetes.io/version", "version");

    static PodTemplate of(Pod pod, Shared shared) {
        ObjectMeta meta = pod.getMetadata();
        PodSpec spec = pod.getSpec();
        Map<String, String> labels = shared.share(Labels.of(meta));
        Owner owner = Owner.of(meta, labels);
        String account = spec.getServiceAccountName();
        return shared.share(new PodTemplate(
                shared.share(meta.getNamespace()),
                shared.share(account == null || account.isEmpty() ? DEFAULT_ACCOUNT : account),
                labels,
                shared.share(owner.name()),
                owner.type(),
                Boolean.TRUE.equals(spec.getHostNetwork()),
                LeftAlone.hasSidecar(pod),
                "enabled".equals(Labels.annotation(meta, Names.REDIRECTION)),
                ports(spec)));
    }

    /** As people call it: what it says itself, else its owner. */
    String canonicalName() {
        return Labels.first(labels, NAMES, workloadName);
    }

    String canonicalRevision() {
        return Labels.first(labels, REVISIONS, "latest");
    }

    /** Whether it serves HBONE itself. */
    boolean isNativeTunnel() {
        return LeftAlone.servesHbone(labels);
    }

    private static Map<String, Integer> ports(PodSpec spec) {
        Map<String, Integer> ports = new HashMap<>();
        // Sidecars run beside the containers, though they are listed among those that run before them.
        spec.getInitContainers().stream()
                .filter(container -> "Always".equals(container.getRestartPolicy()))
                .forEach(container -> collect(container, ports));
        spec.getContainers().forEach(container -> collect(container, ports));
        return Map.copyOf(ports);
    }

    private static void collect(Container container, Map<String, Integer> ports) {
        for (ContainerPort port : container.getPorts()) {
            String protocol = port.getProtocol();
            if (port.getName() != null
                    && port.getContainerPort() != null
                    && (protocol == null || protocol.equals("TCP"))) {
                ports.put(port.getName(), port.getContainerPort());
            }
        }
    }
}
