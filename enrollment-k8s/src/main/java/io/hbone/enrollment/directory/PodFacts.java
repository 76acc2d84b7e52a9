package io.hbone.enrollment.directory;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodIP;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.hbone.core.IpLiteral;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of a pod.
 *
 * @param addresses of both families; none before it has its network
 * @param ready whether it takes connections, and is not about to end
 * @param node its machine's name; empty before it has one
 * @param hostAddress its machine's address; empty before it is known
 */
record PodFacts(
        String uid,
        String name,
        PodTemplate template,
        List<InetAddress> addresses,
        boolean ready,
        String node,
        String hostAddress) {

    /** Null when the pod has ended: it will not speak any more, and its addresses may be another's. */
    static @Nullable PodFacts of(Pod pod, Shared shared) {
        PodStatus status = pod.getStatus() == null ? new PodStatus() : pod.getStatus();
        if (hasEnded(status) || pod.getSpec() == null) {
            return null;
        }
        return new PodFacts(
                pod.getMetadata().getUid(),
                pod.getMetadata().getName(),
                PodTemplate.of(pod, shared),
                addresses(status),
                isReady(status) && pod.getMetadata().getDeletionTimestamp() == null,
                shared.share(Objects.requireNonNullElse(pod.getSpec().getNodeName(), "")),
                shared.share(Objects.requireNonNullElse(status.getHostIP(), "")));
    }

    private static boolean hasEnded(PodStatus status) {
        return "Succeeded".equals(status.getPhase()) || "Failed".equals(status.getPhase());
    }

    private static boolean isReady(PodStatus status) {
        return status.getConditions().stream()
                .anyMatch(condition -> "Ready".equals(condition.getType()) && "True".equals(condition.getStatus()));
    }

    private static List<InetAddress> addresses(PodStatus status) {
        List<String> texts = status.getPodIPs().stream().map(PodIP::getIp).toList();
        if (texts.isEmpty() && status.getPodIP() != null) {
            texts = List.of(status.getPodIP());
        }
        return addresses(texts);
    }

    /** Those of {@code texts} that are addresses. */
    static List<InetAddress> addresses(List<String> texts) {
        List<InetAddress> addresses = new ArrayList<>(texts.size());
        for (String text : texts) {
            InetAddress address = text == null ? null : IpLiteral.parse(text);
            if (address != null) {
                addresses.add(address);
            }
        }
        return List.copyOf(addresses);
    }
}
