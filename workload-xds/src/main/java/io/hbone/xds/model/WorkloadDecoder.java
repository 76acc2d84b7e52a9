package io.hbone.xds.model;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UInt32Value;
import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.xds.proto.workload.Extension;
import io.hbone.xds.proto.workload.NetworkMode;
import io.hbone.xds.proto.workload.PortList;
import io.hbone.xds.proto.workload.TunnelProtocol;
import io.hbone.xds.proto.workload.WorkloadStatus;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads {@code istio.workload.Workload} (spec/ztunnel.md 7.5, with its defaults). */
final class WorkloadDecoder {
    /** Ours: where a workload serves HBONE, when that is not 15008. Stock ztunnel ignores extensions. */
    static final String TUNNEL_PORT_EXTENSION = "io.hbone.tunnel_port";

    private static final String DEFAULT_SERVICE_ACCOUNT = "default";
    private static final String DEFAULT_CLUSTER = "Kubernetes";

    private final TrustDomain trustDomain;
    private final Interner interner;

    WorkloadDecoder(TrustDomain trustDomain, Interner interner) {
        this.trustDomain = trustDomain;
        this.interner = interner;
    }

    Workload decode(io.hbone.xds.proto.workload.Workload in) {
        String account = orElse(in.getServiceAccount(), DEFAULT_SERVICE_ACCOUNT);
        TrustDomain domain = in.getTrustDomain().isEmpty() ? trustDomain : TrustDomain.of(in.getTrustDomain());
        SpiffeId identity = interner.intern(SpiffeId.ofServiceAccount(domain, in.getNamespace(), account));
        return new Workload(
                in.getUid(),
                in.getName(),
                interner.intern(in.getNamespace()),
                interner.intern(account),
                identity,
                interner.intern(in.getNetwork()),
                addresses(in.getAddressesList()),
                interner.intern(in.getHostname()),
                enrolled(in),
                tunnelPort(in.getExtensionsList()),
                hostNetwork(in),
                healthy(in),
                capacity(in),
                services(in.getServicesMap()),
                Decoding.gateway("waypoint", in.hasWaypoint(), in.getWaypoint(), interner),
                Decoding.gateway("network_gateway", in.hasNetworkGateway(), in.getNetworkGateway(), interner),
                applicationTunnel(in),
                policies(in.getAuthorizationPoliciesList()),
                in.getNativeTunnel(),
                interner.intern(in.getNode()),
                interner.intern(new Locality(
                        in.getLocality().getRegion(),
                        in.getLocality().getZone(),
                        in.getLocality().getSubzone())),
                interner.intern(orElse(in.getClusterId(), DEFAULT_CLUSTER)),
                type(in),
                interner.intern(in.getWorkloadName()),
                interner.intern(in.getCanonicalName()),
                interner.intern(in.getCanonicalRevision()));
    }

    private static List<InetAddress> addresses(List<ByteString> encoded) {
        List<InetAddress> addresses = new ArrayList<>(encoded.size());
        for (int i = 0; i < encoded.size(); i++) {
            addresses.add(Decoding.address("addresses[" + i + "]", encoded.get(i)));
        }
        return addresses;
    }

    private static boolean enrolled(io.hbone.xds.proto.workload.Workload in) {
        return switch (in.getTunnelProtocol()) {
            case NONE -> false;
            case HBONE -> true;
            case LEGACY_ISTIO_MTLS ->
                throw new IllegalArgumentException("tunnel_protocol: LEGACY_ISTIO_MTLS (expected: NONE or HBONE)");
            case UNRECOGNIZED ->
                throw Decoding.unknown("tunnel_protocol", in.getTunnelProtocolValue(), TunnelProtocol.class);
        };
    }

    private static boolean hostNetwork(io.hbone.xds.proto.workload.Workload in) {
        return switch (in.getNetworkMode()) {
            case STANDARD -> false;
            case HOST_NETWORK -> true;
            case UNRECOGNIZED -> throw Decoding.unknown("network_mode", in.getNetworkModeValue(), NetworkMode.class);
        };
    }

    private static boolean healthy(io.hbone.xds.proto.workload.Workload in) {
        return switch (in.getStatus()) {
            case HEALTHY -> true;
            case UNHEALTHY -> false;
            case UNRECOGNIZED -> throw Decoding.unknown("status", in.getStatusValue(), WorkloadStatus.class);
        };
    }

    private static WorkloadType type(io.hbone.xds.proto.workload.Workload in) {
        return switch (in.getWorkloadType()) {
            case DEPLOYMENT -> WorkloadType.DEPLOYMENT;
            case CRONJOB -> WorkloadType.CRONJOB;
            case POD -> WorkloadType.POD;
            case JOB -> WorkloadType.JOB;
            case UNRECOGNIZED ->
                throw Decoding.unknown(
                        "workload_type", in.getWorkloadTypeValue(), io.hbone.xds.proto.workload.WorkloadType.class);
        };
    }

    private static int capacity(io.hbone.xds.proto.workload.Workload in) {
        int capacity = in.hasCapacity() ? in.getCapacity().getValue() : 1;
        return capacity < 0 ? Integer.MAX_VALUE : capacity; // it has no sign on the wire
    }

    private Map<String, PortMap> services(Map<String, PortList> in) {
        Map<String, PortMap> services = new LinkedHashMap<>();
        in.forEach((key, ports) -> {
            if (key.indexOf('/') < 0) {
                throw new IllegalArgumentException("services: \"" + key + "\" (expected: namespace/hostname)");
            }
            services.put(
                    interner.intern(key), interner.intern(Decoding.ports("services." + key, ports.getPortsList())));
        });
        return services;
    }

    private @Nullable ApplicationTunnel applicationTunnel(io.hbone.xds.proto.workload.Workload in) {
        if (!in.hasApplicationTunnel()) {
            return null;
        }
        io.hbone.xds.proto.workload.ApplicationTunnel tunnel = in.getApplicationTunnel();
        int port = tunnel.getPort();
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException(
                    "application_tunnel.port: " + Integer.toUnsignedString(port) + " (expected: 0 to 65535)");
        }
        ApplicationTunnel.Protocol protocol =
                switch (tunnel.getProtocol()) {
                    case NONE -> ApplicationTunnel.Protocol.NONE;
                    case PROXY -> ApplicationTunnel.Protocol.PROXY;
                    case UNRECOGNIZED ->
                        throw Decoding.unknown(
                                "application_tunnel.protocol",
                                tunnel.getProtocolValue(),
                                io.hbone.xds.proto.workload.ApplicationTunnel.Protocol.class);
                };
        return interner.intern(new ApplicationTunnel(protocol, port));
    }

    private List<String> policies(List<String> names) {
        List<String> policies = new ArrayList<>(names.size());
        for (String name : names) {
            policies.add(interner.intern(name));
        }
        return policies;
    }

    private static int tunnelPort(List<Extension> extensions) {
        for (Extension extension : extensions) {
            if (extension.getName().equals(TUNNEL_PORT_EXTENSION)) {
                try {
                    return extension.getConfig().unpack(UInt32Value.class).getValue();
                } catch (InvalidProtocolBufferException e) {
                    throw new IllegalArgumentException(
                            "extension " + TUNNEL_PORT_EXTENSION + ": not a google.protobuf.UInt32Value");
                }
            }
        }
        return Workload.HBONE_PORT;
    }

    private static String orElse(String text, String otherwise) {
        return text.isEmpty() ? otherwise : text;
    }
}
