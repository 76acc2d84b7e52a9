package io.hbone.xds.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.UInt32Value;
import io.hbone.core.IpLiteral;
import io.hbone.core.Route.ServiceRef;
import io.hbone.core.SpiffeId;
import io.hbone.xds.proto.workload.Address;
import io.hbone.xds.proto.workload.GatewayAddress;
import io.hbone.xds.proto.workload.LoadBalancing.Scope;
import io.hbone.xds.proto.workload.NetworkAddress;
import io.hbone.xds.proto.workload.Port;
import io.hbone.xds.proto.workload.PortList;
import io.hbone.xds.proto.workload.TunnelProtocol;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class AddressCodecTest {
    private static final io.hbone.xds.model.GatewayAddress BY_NAME = new io.hbone.xds.model.GatewayAddress(
            new io.hbone.xds.model.GatewayAddress.Hostname("ns", "wp.example"), 15008);
    private static final io.hbone.xds.model.GatewayAddress BY_ADDRESS = new io.hbone.xds.model.GatewayAddress(
            new io.hbone.xds.model.GatewayAddress.Address(
                    new io.hbone.xds.model.NetworkAddress("remote", IpLiteral.parse("172.18.0.1"))),
            25008);

    private final AddressCodec codec = new AddressCodec();

    @Test
    void decode_whatWasEncoded_isEqual() throws Exception {
        Workload workload = Workload.builder("c//Pod/ns/w", "w", SpiffeId.parse("spiffe://td.example/ns/ns/sa/sa"))
                .network("n")
                .addresses(List.of(IpLiteral.parse("10.0.0.1"), IpLiteral.parse("2001:db8::1")))
                .hostname("w.example")
                .enrolled(true)
                .tunnelPort(25008)
                .hostNetwork(true)
                .healthy(false)
                .capacity(7)
                .services(Map.of("ns/svc.example", PortMap.of(Map.of(80, 8080))))
                .waypoint(BY_NAME)
                .networkGateway(BY_ADDRESS)
                .applicationTunnel(new ApplicationTunnel(ApplicationTunnel.Protocol.PROXY, 15088))
                .authorizationPolicies(List.of("ns/p"))
                .nativeTunnel(true)
                .node("node")
                .locality(new Locality("r", "z", "s"))
                .clusterId("c")
                .type(WorkloadType.JOB)
                .workloadName("dep")
                .canonicalName("app")
                .canonicalRevision("v1")
                .build();
        Service service = new Service(
                new ServiceRef("ns", "svc", "svc.example"),
                List.of(
                        new Vip("n", Cidr.of(IpLiteral.parse("10.9.0.1"))),
                        new Vip("", Cidr.of(IpLiteral.parse("2001:db8::"), 64))),
                PortMap.of(Map.of(80, 0)),
                Set.of(SpiffeId.parse("spiffe://td.example/ns/ns/sa/x")),
                BY_NAME,
                List.of(new WeightedWaypoint(BY_ADDRESS, 4_000_000_000L)),
                new LoadBalancing(
                        List.of(LoadBalancing.Scope.NETWORK, LoadBalancing.Scope.ZONE),
                        LoadBalancing.Mode.FAILOVER,
                        LoadBalancing.HealthPolicy.ALLOW_ALL),
                IpFamilies.DUAL,
                true,
                true);

        assertThat(codec.decode(AddressCodec.encode(workload))).isEqualTo(new AddressCodec.DecodedWorkload(workload));
        assertThat(codec.decode(AddressCodec.encode(service))).isEqualTo(new AddressCodec.DecodedService(service));
    }

    /** Numbers of fields and of enums, against bytes that were put together by hand from spec/ztunnel.md 7.5. */
    @Test
    void decode_bytesOfTheTable_areRead() throws Exception {
        String workload = "a20103" + "756964" // 20 uid
                + "0a0177" + "12026e73" // 1 name, 2 namespace
                + "1a040a000001" // 3 addresses
                + "2801" // 5 tunnel_protocol HBONE
                + "820103" + "612f62" // 16 authorization_policies
                + "880101" // 17 status UNHEALTHY
                + "da0102" + "0805"; // 27 capacity 5
        byte[] body = HexFormat.of().parseHex("0a" + String.format("%02x", workload.length() / 2) + workload);

        Workload decoded = ((AddressCodec.DecodedWorkload) codec.decode(ByteString.copyFrom(body))).value();

        assertThat(decoded.uid()).isEqualTo("uid");
        assertThat(decoded.enrolled()).isTrue();
        assertThat(decoded.healthy()).isFalse();
        assertThat(decoded.capacity()).isEqualTo(5);
        assertThat(decoded.addresses()).hasToString("[/10.0.0.1]");
        assertThat(decoded.authorizationPolicies()).containsExactly("a/b");
    }

    @Test
    void decode_leastFields_takeTheDefaultsOfTheTable() throws Exception {
        Workload decoded = workload(in -> {});

        assertThat(decoded.identity()).hasToString("spiffe://cluster.local/ns/ns/sa/default");
        assertThat(decoded.clusterId()).isEqualTo("Kubernetes");
        assertThat(decoded.capacity()).isEqualTo(1);
        assertThat(decoded.tunnelPort()).isEqualTo(15008);
    }

    @Test
    void decode_emptyTrustDomain_isTheDefault() throws Exception {
        assertThat(workload(in -> in.setTrustDomain(""))
                        .identity()
                        .trustDomain()
                        .name())
                .isEqualTo("cluster.local");
    }

    @Test
    void decode_capacityBeyondInt_isNotNegative() throws Exception {
        assertThat(workload(in -> in.setCapacity(UInt32Value.of(-1))).capacity())
                .isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void decode_subjectAltNameThatIsNoSpiffeId_isNobody() throws Exception {
        Service decoded = service(in -> in.addSubjectAltNames("*.example.com").addSubjectAltNames("spiffe://td/a"));

        assertThat(decoded.subjectAltNames()).containsExactly(SpiffeId.parse("spiffe://td/a"));
    }

    private Workload workload(Consumer<io.hbone.xds.proto.workload.Workload.Builder> change) throws Exception {
        io.hbone.xds.proto.workload.Workload.Builder in =
                io.hbone.xds.proto.workload.Workload.newBuilder().setUid("uid").setNamespace("ns");
        change.accept(in);
        return ((AddressCodec.DecodedWorkload)
                        codec.decode(Address.newBuilder().setWorkload(in).build()))
                .value();
    }

    private Service service(Consumer<io.hbone.xds.proto.workload.Service.Builder> change) throws Exception {
        io.hbone.xds.proto.workload.Service.Builder in = io.hbone.xds.proto.workload.Service.newBuilder()
                .setNamespace("ns")
                .setHostname("h");
        change.accept(in);
        return ((AddressCodec.DecodedService)
                        codec.decode(Address.newBuilder().setService(in).build()))
                .value();
    }

    private static ByteString bytes(int count) {
        return ByteString.copyFrom(new byte[count]);
    }

    private static Arguments workload(Consumer<io.hbone.xds.proto.workload.Workload.Builder> change, String message) {
        return Arguments.of(change, null, message);
    }

    private static Arguments service(Consumer<io.hbone.xds.proto.workload.Service.Builder> change, String message) {
        return Arguments.of(null, change, message);
    }

    private static NetworkAddress range(int bytes, int length) {
        return NetworkAddress.newBuilder()
                .setAddress(bytes(bytes))
                .setLength(length)
                .build();
    }

    private static Port port(int service, int target) {
        return Port.newBuilder().setServicePort(service).setTargetPort(target).build();
    }

    static Stream<Arguments> malformed() {
        return Stream.of(
                workload(in -> in.setUid(""), "uid: empty (expected: a workload's unique name)"),
                workload(in -> in.setNamespace(""), "namespace: "),
                workload(in -> in.setTrustDomain("UPPER"), "trustDomain: \"UPPER\" (expected: "),
                workload(in -> in.setServiceAccount("a/b"), "serviceAccount: \"a/b\" (expected: "),
                workload(in -> in.addAddresses(bytes(5)), "addresses[0]: 5 bytes (expected: 4 or 16)"),
                workload(in -> in.setTunnelProtocolValue(7), "tunnel_protocol: 7 (expected: one of NONE, HBONE, "),
                workload(
                        in -> in.setTunnelProtocol(TunnelProtocol.LEGACY_ISTIO_MTLS),
                        "tunnel_protocol: LEGACY_ISTIO_MTLS (expected: NONE or HBONE)"),
                workload(in -> in.setStatusValue(9), "status: 9 (expected: one of HEALTHY, UNHEALTHY)"),
                workload(in -> in.setNetworkModeValue(9), "network_mode: 9 (expected: "),
                workload(in -> in.setWorkloadTypeValue(9), "workload_type: 9 (expected: "),
                workload(
                        in -> in.setWaypoint(GatewayAddress.getDefaultInstance()),
                        "waypoint: no destination (expected: a hostname or an address)"),
                workload(
                        in -> in.setNetworkGateway(GatewayAddress.newBuilder().setAddress(range(3, 1))),
                        "network_gateway.address: 3 bytes (expected: 4 or 16)"),
                workload(
                        in -> in.setWaypoint(GatewayAddress.newBuilder()
                                .setAddress(range(4, 32))
                                .setHboneMtlsPort(65_536)),
                        "waypoint.hbone_mtls_port: 65536 (expected: 0 to 65535)"),
                workload(
                        in -> in.putServices("svc", PortList.getDefaultInstance()),
                        "services: \"svc\" (expected: namespace/hostname)"),
                workload(
                        in -> in.putServices(
                                "ns/svc",
                                PortList.newBuilder().addPorts(port(80, 70_000)).build()),
                        "services.ns/svc: target port: 70000 (expected: 0 to 65535)"),
                workload(
                        in -> in.getApplicationTunnelBuilder().setPort(-1),
                        "application_tunnel.port: 4294967295 (expected: 0 to 65535)"),
                workload(in -> in.getApplicationTunnelBuilder().setProtocolValue(4), "application_tunnel.protocol: 4"),
                service(in -> in.setHostname(""), "hostname: empty (expected: "),
                service(
                        in -> in.addAddresses(range(16, 129)),
                        "addresses[0]: prefix length: 129 of :: (expected: 0 to 128)"),
                service(
                        in -> in.addAddresses(range(4, 33)),
                        "addresses[0]: prefix length: 33 of 0.0.0.0 (expected: 0 to 32)"),
                service(in -> in.addAddresses(range(4, -1)), "addresses[0]: prefix length: -1"),
                service(in -> in.addAddresses(range(0, 0)), "addresses[0]: 0 bytes (expected: 4 or 16)"),
                service(in -> in.addPorts(port(0, 80)), "ports: service port: 0 (expected: 1 to 65535)"),
                service(in -> in.addPorts(port(-1, 80)), "ports: service port: 4294967295 (expected: 1 to 65535)"),
                service(
                        in -> in.getLoadBalancingBuilder().addRoutingPreference(Scope.UNSPECIFIED_SCOPE),
                        "load_balancing.routing_preference: UNSPECIFIED_SCOPE (expected: a scope)"),
                service(
                        in -> in.getLoadBalancingBuilder().addRoutingPreferenceValue(42),
                        "load_balancing.routing_preference: 42 (expected: one of "),
                service(in -> in.getLoadBalancingBuilder().setModeValue(42), "load_balancing.mode: 42 (expected: "),
                service(
                        in -> in.getLoadBalancingBuilder().setHealthPolicyValue(42),
                        "load_balancing.health_policy: 42"),
                service(in -> in.setIpFamiliesValue(42), "ip_families: 42 (expected: "),
                service(
                        in -> in.addWeightedWaypointsBuilder(),
                        "weighted_waypoints[0]: no destination (expected: a hostname or an address)"));
    }

    @ParameterizedTest
    @MethodSource("malformed")
    void decode_malformed_saysWhatAndWhatWasExpected(
            Consumer<io.hbone.xds.proto.workload.Workload.Builder> workload,
            Consumer<io.hbone.xds.proto.workload.Service.Builder> service,
            String message) {
        assertThatThrownBy(() -> {
                    if (workload != null) {
                        workload(workload);
                    } else {
                        service(service);
                    }
                })
                .isInstanceOf(MalformedResourceException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void decode_neitherOfTheTwo_isMalformed() {
        assertThatThrownBy(() -> codec.decode(ByteString.EMPTY))
                .isInstanceOf(MalformedResourceException.class)
                .hasMessage("neither a workload nor a service (expected: one of them)");
    }

    @Test
    void decode_garbage_isMalformed() {
        assertThatThrownBy(() -> codec.decode(ByteString.copyFrom(new byte[] {10, 100, 1})))
                .isInstanceOf(MalformedResourceException.class)
                .hasMessageStartingWith("not an istio.workload.Address: ");
    }
}
