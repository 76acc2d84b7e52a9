package io.hbone.enrollment.directory;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.hbone.core.IpLiteral;
import io.hbone.xds.model.ApplicationTunnel;
import io.hbone.xds.model.GatewayAddress;
import io.hbone.xds.model.NetworkAddress;
import io.hbone.xds.model.Workload;
import java.net.InetAddress;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of a Gateway: that it can be a waypoint, and for whom.
 *
 * @param address null as long as it has none, and nothing goes through it
 * @param takes {@code service}, {@code workload}, {@code all} or {@code none}
 * @param namespaces whose traffic it takes
 * @param tunnel how its pods are told where a connection was meant to go; null by HBONE alone
 */
record GatewayFacts(
        String namespace,
        @Nullable GatewayAddress address,
        String takes,
        Namespaces namespaces,
        @Nullable ApplicationTunnel tunnel) {
    private static final Set<String> PROTOCOLS = Set.of("NONE", "PROXY");

    /**
     * Namespaces by what a listener allows.
     *
     * @param from {@code Same}, {@code All} or {@code Selector}
     * @param selector labels that a namespace must have
     */
    record Namespaces(String from, Map<String, String> selector) {
        static final Namespaces SAME = new Namespaces("Same", Map.of());
    }

    static GatewayFacts of(GenericKubernetesResource gateway, DirectorySettings settings) {
        Fields fields = Fields.of(gateway);
        String namespace = gateway.getMetadata().getNamespace();
        ApplicationTunnel tunnel = tunnel(Labels.annotation(gateway.getMetadata(), Names.INBOUND_BINDING));
        return new GatewayFacts(
                namespace,
                address(fields.in("status"), namespace, settings.network()),
                Labels.of(gateway.getMetadata()).getOrDefault(Names.WAYPOINT_FOR, "service"),
                namespaces(fields.in("spec"), tunnel),
                tunnel);
    }

    /** Whether a workload or service of that namespace may have it as its waypoint. */
    boolean serves(String client, Map<String, String> namespaceLabels, boolean service) {
        boolean kind = takes.equals("all") || takes.equals(service ? "service" : "workload");
        return kind
                && switch (namespaces.from()) {
                    case "All" -> true;
                    case "Selector" -> Labels.match(namespaces.selector(), namespaceLabels);
                    default -> client.equals(namespace);
                };
    }

    private static @Nullable GatewayAddress address(Fields status, String namespace, String network) {
        GatewayAddress byAddress = null;
        for (Fields address : status.all("addresses")) {
            String value = address.text("value");
            // A host name stands for both families, and stays when addresses change.
            if (address.text("type").equals("Hostname")) {
                return new GatewayAddress(new GatewayAddress.Hostname(namespace, value), Workload.HBONE_PORT);
            }
            InetAddress literal = IpLiteral.parse(value);
            if (byAddress == null && literal != null) {
                byAddress = new GatewayAddress(
                        new GatewayAddress.Address(new NetworkAddress(network, literal)), Workload.HBONE_PORT);
            }
        }
        return byAddress;
    }

    /** Of the listener that takes what the mesh sends. */
    private static Namespaces namespaces(Fields spec, @Nullable ApplicationTunnel tunnel) {
        for (Fields listener : spec.all("listeners")) {
            String port = listener.number("port");
            boolean bound = tunnel != null
                    && (tunnel.port() == 0
                            ? listener.text("protocol").equals("istio.io/PROXY")
                            : port.equals(String.valueOf(tunnel.port())));
            boolean hbone = listener.text("protocol").equals("HBONE") && port.equals("15008");
            if (bound || hbone) {
                Fields allowed = listener.in("allowedRoutes").in("namespaces");
                String from = allowed.text("from");
                return from.isEmpty()
                        ? Namespaces.SAME
                        : new Namespaces(
                                from, allowed.in("selector").in("matchLabels").texts());
            }
        }
        return Namespaces.SAME;
    }

    /** {@code protocol} or {@code protocol/port}; what is neither is no tunnel. */
    private static @Nullable ApplicationTunnel tunnel(@Nullable String annotation) {
        String[] parts = annotation == null ? new String[0] : annotation.split("/", -1);
        if (parts.length < 1 || parts.length > 2 || !PROTOCOLS.contains(parts[0])) {
            return null;
        }
        ApplicationTunnel.Protocol protocol = ApplicationTunnel.Protocol.valueOf(parts[0]);
        if (parts.length == 1) {
            return new ApplicationTunnel(protocol, 0);
        }
        return Ports.isPort(parts[1]) ? new ApplicationTunnel(protocol, Integer.parseInt(parts[1])) : null;
    }
}
