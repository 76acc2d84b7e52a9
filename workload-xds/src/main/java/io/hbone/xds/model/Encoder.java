package io.hbone.xds.model;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.UInt32Value;
import io.hbone.core.SpiffeId;
import io.hbone.xds.proto.workload.Extension;
import io.hbone.xds.proto.workload.IPFamilies;
import io.hbone.xds.proto.workload.LoadBalancing.HealthPolicy;
import io.hbone.xds.proto.workload.LoadBalancing.Mode;
import io.hbone.xds.proto.workload.LoadBalancing.Scope;
import io.hbone.xds.proto.workload.NamespacedHostname;
import io.hbone.xds.proto.workload.NetworkMode;
import io.hbone.xds.proto.workload.Port;
import io.hbone.xds.proto.workload.PortList;
import io.hbone.xds.proto.workload.Service.Visibility;
import io.hbone.xds.proto.workload.TunnelProtocol;
import io.hbone.xds.proto.workload.WorkloadStatus;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/** Writes the messages of spec/ztunnel.md 7.5. What has its default is left out. */
final class Encoder {
    private Encoder() {}

    static io.hbone.xds.proto.workload.Workload workload(Workload in) {
        io.hbone.xds.proto.workload.Workload.Builder out = io.hbone.xds.proto.workload.Workload.newBuilder()
                .setUid(in.uid())
                .setName(in.name())
                .setNamespace(in.namespace())
                .setTrustDomain(in.identity().trustDomain().name())
                .setServiceAccount(in.serviceAccount())
                .setNetwork(in.network())
                .setHostname(in.hostname())
                .setTunnelProtocol(in.enrolled() ? TunnelProtocol.HBONE : TunnelProtocol.NONE)
                .setNetworkMode(in.hostNetwork() ? NetworkMode.HOST_NETWORK : NetworkMode.STANDARD)
                .setStatus(in.healthy() ? WorkloadStatus.HEALTHY : WorkloadStatus.UNHEALTHY)
                .addAllAuthorizationPolicies(in.authorizationPolicies())
                .setNativeTunnel(in.nativeTunnel())
                .setNode(in.node())
                .setClusterId(in.clusterId())
                .setWorkloadType(io.hbone.xds.proto.workload.WorkloadType.valueOf(
                        in.type().name()))
                .setWorkloadName(in.workloadName())
                .setCanonicalName(in.canonicalName())
                .setCanonicalRevision(in.canonicalRevision());
        for (InetAddress address : in.addresses()) {
            out.addAddresses(ByteString.copyFrom(address.getAddress()));
        }
        in.services()
                .forEach((key, ports) -> out.putServices(
                        key, PortList.newBuilder().addAllPorts(ports(ports)).build()));
        if (in.capacity() != 1) {
            out.setCapacity(UInt32Value.of(in.capacity()));
        }
        if (!in.locality().equals(Locality.UNKNOWN)) {
            out.setLocality(io.hbone.xds.proto.workload.Locality.newBuilder()
                    .setRegion(in.locality().region())
                    .setZone(in.locality().zone())
                    .setSubzone(in.locality().subzone()));
        }
        if (in.waypoint() != null) {
            out.setWaypoint(gateway(in.waypoint()));
        }
        if (in.networkGateway() != null) {
            out.setNetworkGateway(gateway(in.networkGateway()));
        }
        if (in.applicationTunnel() != null) {
            out.setApplicationTunnel(io.hbone.xds.proto.workload.ApplicationTunnel.newBuilder()
                    .setProtocol(io.hbone.xds.proto.workload.ApplicationTunnel.Protocol.valueOf(
                            in.applicationTunnel().protocol().name()))
                    .setPort(in.applicationTunnel().port()));
        }
        if (in.tunnelPort() != Workload.HBONE_PORT) {
            out.addExtensions(Extension.newBuilder()
                    .setName(WorkloadDecoder.TUNNEL_PORT_EXTENSION)
                    .setConfig(Any.pack(UInt32Value.of(in.tunnelPort()))));
        }
        return out.build();
    }

    static io.hbone.xds.proto.workload.Service service(Service in) {
        io.hbone.xds.proto.workload.Service.Builder out = io.hbone.xds.proto.workload.Service.newBuilder()
                .setName(in.ref().name())
                .setNamespace(in.ref().namespace())
                .setHostname(in.ref().hostname())
                .addAllPorts(ports(in.ports()))
                .setIpFamilies(IPFamilies.valueOf(in.ipFamilies().name()))
                .setCanonical(in.canonical())
                .setVisibility(in.namespaceOnly() ? Visibility.NAMESPACE : Visibility.PUBLIC);
        for (Vip vip : in.vips()) {
            io.hbone.xds.proto.workload.NetworkAddress.Builder address =
                    networkAddress(new NetworkAddress(vip.network(), vip.range().address()));
            if (!vip.range().isSingle()) {
                address.setLength(vip.range().prefix());
            }
            out.addAddresses(address);
        }
        for (SpiffeId name : in.subjectAltNames()) {
            out.addSubjectAltNames(name.toString());
        }
        if (in.waypoint() != null) {
            out.setWaypoint(gateway(in.waypoint()));
        }
        for (WeightedWaypoint waypoint : in.weightedWaypoints()) {
            out.addWeightedWaypoints(io.hbone.xds.proto.workload.WeightedWaypoint.newBuilder()
                    .setDestination(gateway(waypoint.waypoint()))
                    .setWeight((int) waypoint.weight()));
        }
        if (!in.loadBalancing().equals(LoadBalancing.STANDARD)) {
            out.setLoadBalancing(loadBalancing(in.loadBalancing()));
        }
        return out.build();
    }

    private static io.hbone.xds.proto.workload.LoadBalancing loadBalancing(LoadBalancing in) {
        io.hbone.xds.proto.workload.LoadBalancing.Builder out = io.hbone.xds.proto.workload.LoadBalancing.newBuilder()
                .setMode(
                        in.mode() == LoadBalancing.Mode.STANDARD
                                ? Mode.UNSPECIFIED_MODE
                                : Mode.valueOf(in.mode().name()))
                .setHealthPolicy(HealthPolicy.valueOf(in.health().name()));
        for (LoadBalancing.Scope scope : in.preferences()) {
            out.addRoutingPreference(Scope.valueOf(scope.name()));
        }
        return out.build();
    }

    private static List<Port> ports(PortMap in) {
        List<Port> out = new ArrayList<>(in.size());
        for (int i = 0; i < in.size(); i++) {
            out.add(Port.newBuilder()
                    .setServicePort(in.servicePort(i))
                    .setTargetPort(in.targetPort(i))
                    .build());
        }
        return out;
    }

    private static io.hbone.xds.proto.workload.GatewayAddress gateway(GatewayAddress in) {
        io.hbone.xds.proto.workload.GatewayAddress.Builder out =
                io.hbone.xds.proto.workload.GatewayAddress.newBuilder().setHboneMtlsPort(in.port());
        if (in.destination() instanceof GatewayAddress.Hostname name) {
            out.setHostname(NamespacedHostname.newBuilder()
                    .setNamespace(name.namespace())
                    .setHostname(name.hostname()));
        } else if (in.destination() instanceof GatewayAddress.Address address) {
            out.setAddress(networkAddress(address.address()));
        }
        return out.build();
    }

    private static io.hbone.xds.proto.workload.NetworkAddress.Builder networkAddress(NetworkAddress in) {
        return io.hbone.xds.proto.workload.NetworkAddress.newBuilder()
                .setNetwork(in.network())
                .setAddress(ByteString.copyFrom(in.address().getAddress()));
    }
}
