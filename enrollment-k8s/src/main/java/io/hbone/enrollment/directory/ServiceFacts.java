package io.hbone.enrollment.directory;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.ServiceSpec;
import io.hbone.xds.model.IpFamilies;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of a service.
 *
 * @param problem why nodes are not told of it; empty when they are
 * @param vips none for a headless service
 * @param ports of TCP
 * @param selector of its endpoints among the pods of its namespace; empty for none
 * @param labels those that say which waypoint it has
 * @param local whether only endpoints on the client's machine serve
 * @param distribution null when it does not say
 * @param everybody whether endpoints that are not ready serve, too
 */
record ServiceFacts(
        String problem,
        List<InetAddress> vips,
        List<Port> ports,
        Map<String, String> selector,
        Map<String, String> labels,
        boolean local,
        @Nullable Distribution distribution,
        boolean everybody,
        IpFamilies ipFamilies) {
    private static final String HEADLESS = "None";
    private static final List<String> KEPT_LABELS =
            List.of(Names.USE_WAYPOINT, Names.USE_WAYPOINT_NAMESPACE, Names.GATEWAY_MANAGED);

    /**
     * A port of a service.
     *
     * @param target at its endpoints; 0 when it has a name there
     * @param targetName empty when it has a number
     */
    record Port(String name, int port, int target, String targetName) {}

    static ServiceFacts of(Service service, Shared shared) {
        ServiceSpec spec = Objects.requireNonNullElseGet(service.getSpec(), ServiceSpec::new);
        Distribution distribution = Distribution.of(spec.getTrafficDistribution());
        return new ServiceFacts(
                "ExternalName".equals(spec.getType())
                        ? "type ExternalName: its host name is an alias, and what that resolves to is reached as such"
                        : "",
                vips(spec),
                shared.share(ports(spec)),
                spec.getSelector() == null ? Map.of() : Map.copyOf(spec.getSelector()),
                shared.share(kept(Labels.of(service.getMetadata()))),
                "Local".equals(spec.getInternalTrafficPolicy()),
                distribution != null
                        ? distribution
                        : Distribution.of(Labels.annotation(service.getMetadata(), Names.TRAFFIC_DISTRIBUTION)),
                Boolean.TRUE.equals(spec.getPublishNotReadyAddresses()),
                families(spec.getIpFamilies()));
    }

    private static List<InetAddress> vips(ServiceSpec spec) {
        List<String> texts = spec.getClusterIPs();
        if (texts.isEmpty() && spec.getClusterIP() != null) {
            texts = List.of(spec.getClusterIP());
        }
        return PodFacts.addresses(
                texts.stream().filter(text -> !text.equals(HEADLESS)).toList());
    }

    private static List<Port> ports(ServiceSpec spec) {
        List<Port> ports = new ArrayList<>();
        for (ServicePort port : spec.getPorts()) {
            if (port.getProtocol() != null && !port.getProtocol().equals("TCP")) {
                continue;
            }
            IntOrString target = port.getTargetPort();
            String targetName = target == null || target.getStrVal() == null ? "" : target.getStrVal();
            int number = target == null || target.getIntVal() == null ? 0 : target.getIntVal();
            ports.add(new Port(
                    Objects.requireNonNullElse(port.getName(), ""),
                    port.getPort(),
                    targetName.isEmpty() && number == 0 ? port.getPort() : number,
                    targetName));
        }
        return List.copyOf(ports);
    }

    private static Map<String, String> kept(Map<String, String> labels) {
        return labels.entrySet().stream()
                .filter(label -> KEPT_LABELS.contains(label.getKey()))
                .collect(java.util.stream.Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    private static IpFamilies families(List<String> families) {
        return switch (families.size()) {
            case 0 -> IpFamilies.AUTOMATIC;
            case 1 -> families.get(0).equals("IPv4") ? IpFamilies.IPV4_ONLY : IpFamilies.IPV6_ONLY;
            default -> IpFamilies.DUAL;
        };
    }
}
