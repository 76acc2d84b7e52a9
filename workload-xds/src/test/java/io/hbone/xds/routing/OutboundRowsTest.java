package io.hbone.xds.routing;

import static io.hbone.xds.routing.Meshes.account;
import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.IpLiteral;
import io.hbone.core.Route;
import io.hbone.core.TunnelError;
import io.hbone.xds.store.Snapshot;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rows of spec/ztunnel.md 4.1 to 4.4 that are about more than one kind of destination, or about what is missing. */
class OutboundRowsTest {
    private static final Snapshot MESH = Meshes.of("""
        workloads:
        - {uid: self, name: self, namespace: ns, serviceAccount: self, protocol: HBONE, node: n1,
           workloadIps: [10.0.0.1, "2001:db8::1"], services: {ns/hairpin.example: {80: 8080}}}
        - {uid: beside, name: beside, namespace: ns, protocol: HBONE, node: n1, workloadIps: [10.0.0.2], services: {}}
        - {uid: both, name: both, namespace: ns, protocol: TCP, workloadIps: [10.0.0.3], services: {}}
        - {uid: behind, name: behind, namespace: ns, protocol: HBONE, workloadIps: [10.0.0.4],
           services: {ns/headless.example: {80: 8080}}}
        - {uid: wp, name: wp, namespace: ns, serviceAccount: wp, protocol: HBONE,
           workloadIps: [10.0.0.9, "2001:db8::9"], services: {ns/wp.example: {15008: 15008}}}
        - {uid: takesall, name: takesall, namespace: ns, serviceAccount: takesall, protocol: HBONE,
           workloadIps: [10.0.0.10], applicationTunnel: {protocol: PROXY, port: 15088},
           services: {ns/nested.example: {}}}
        - {uid: absent, name: absent, namespace: ns, protocol: HBONE, workloadIps: [], hostname: absent.example,
           services: {ns/absent.example: {80: 80}}}
        - {uid: nowhere, name: nowhere, namespace: ns, protocol: HBONE, workloadIps: [],
           services: {ns/nowhere.example: {80: 80}}}
        - {uid: lost, name: lost, namespace: ns, protocol: HBONE, network: remote, workloadIps: [],
           services: {ns/lost.example: {80: 80}}, networkGateway: {destination: ns/nobody.example}}
        - {uid: named, name: named, namespace: ns, serviceAccount: named, protocol: HBONE, network: remote,
           workloadIps: [], services: {ns/named.example: {80: 80}}, networkGateway: {destination: ns/gw.example}}
        - {uid: gw, name: gw, namespace: ns, serviceAccount: gw, protocol: HBONE, network: remote,
           workloadIps: [172.18.0.1], networkGateway: {destination: remote/172.18.0.1},
           services: {ns/gw.example: {15008: 15443}}}
        - {uid: mapped, name: mapped, namespace: ns, protocol: HBONE, workloadIps: [10.0.0.11],
           services: {ns/ports.example: {80: 8081}}}
        - {uid: waypointed, name: waypointed, namespace: ns, protocol: HBONE, workloadIps: ["2001:db8::12", 10.0.0.12],
           services: {}, waypoint: {destination: /10.0.0.9}}
        - {uid: waypointed6, name: waypointed6, namespace: ns, protocol: HBONE, workloadIps: ["2001:db8::13", 10.0.0.13],
           services: {}, waypoint: {destination: ns/wp.example}}
        services:
        - {name: hairpin, namespace: ns, hostname: hairpin.example, vips: [/10.9.0.1], ports: {80: 80}}
        - {name: headless, namespace: ns, hostname: headless.example, vips: [/10.0.0.3], ports: {80: 80},
           waypoint: {destination: ns/wp.example}}
        - {name: wp, namespace: ns, hostname: wp.example, vips: [], ports: {15008: 15008}}
        - {name: nested, namespace: ns, hostname: nested.example, vips: [], ports: {80: 80}}
        - {name: viaNested, namespace: ns, hostname: via.example, vips: [/10.9.0.2], ports: {80: 80},
           waypoint: {destination: ns/nested.example}}
        - {name: absent, namespace: ns, hostname: absent.example, vips: [/10.9.0.3], ports: {80: 80}}
        - {name: nowhere, namespace: ns, hostname: nowhere.example, vips: [/10.9.0.4], ports: {80: 80}}
        - {name: lost, namespace: ns, hostname: lost.example, vips: [/10.9.0.5], ports: {80: 80}}
        - {name: named, namespace: ns, hostname: named.example, vips: [/10.9.0.6], ports: {80: 80}}
        - {name: gw, namespace: ns, hostname: gw.example, vips: [], ports: {15008: 15008},
           subjectAltNames: [spiffe://cluster.local/ns/ns/sa/gateways]}
        - {name: ports, namespace: ns, hostname: ports.example, vips: [/10.9.0.7], ports: {80: 9090, 81: 9091}}
        """);

    private static Route route(String destination) {
        return Meshes.route(MESH, Meshes.from("self", "10.0.0.1:4000", destination));
    }

    @Test
    void step3_addressOfAWorkloadAndOfAService_isTheWorkloadsForWaypoints_andTheServicesForEndpoints() {
        Route.Tunnel route = (Route.Tunnel) route("10.0.0.3:80");

        assertThat(route.destination().name()).as("not its service's waypoint").isEqualTo("behind");
        assertThat(route.authority()).hasToString("10.0.0.4:8080");
        assertThat(route.service()).isEqualTo(new Route.ServiceRef("ns", "headless", "headless.example"));
    }

    @Test
    void step7_upstreamWithoutAnAddress_isReachedByItsWaypoint() {
        Snapshot mesh = Meshes.of("""
            workloads:
            - {uid: self, name: self, namespace: ns, serviceAccount: self, protocol: HBONE, workloadIps: [10.0.0.1], services: {}}
            - {uid: wp, name: wp, namespace: ns, protocol: HBONE, workloadIps: [10.0.0.9], services: {ns/wp.example: {}}}
            - {uid: ext, name: ext, namespace: ns, protocol: TCP, workloadIps: [], hostname: ext.example,
               services: {ns/ext.example: {80: 80}}, waypoint: {destination: ns/wp.example}}
            - {uid: entry, name: entry, namespace: ns, protocol: TCP, workloadIps: [10.0.0.3], services: {}}
            services:
            - {name: wp, namespace: ns, hostname: wp.example, vips: [], ports: {15008: 15008}}
            - {name: ext, namespace: ns, hostname: ext.example, vips: [/10.0.0.3], ports: {80: 80}}
            """);

        Route.Tunnel route = (Route.Tunnel) Meshes.route(mesh, Meshes.from("self", "10.0.0.1:4000", "10.0.0.3:80"));

        assertThat(IpLiteral.format(route.peer())).isEqualTo("10.0.0.9:15008");
        assertThat(route.authority()).hasToString("10.0.0.3:80");
    }

    @Test
    void step8_workloadOnTheSameMachine_isATunnelAllTheSame() {
        assertThat(route("10.0.0.2:80")).isInstanceOf(Route.Tunnel.class);
    }

    @Test
    void step8_oneselfByAService_isATunnelToOneself() {
        assertThat(((Route.Tunnel) route("10.9.0.1:80")).authority()).hasToString("10.0.0.1:8080");
    }

    /** Not to the service's address in plaintext, and not to nowhere. */
    @Test
    void step8_endpointWithoutAddressNameOrGateway_isRejected() {
        assertThat(((Route.Reject) route("10.9.0.4:80")).why()).startsWith("no healthy upstream: 10.9.0.4:80");
    }

    @Test
    void step8_thereIsNoWayBackToPlaintext() {
        Route.Tunnel route = (Route.Tunnel) route("10.0.0.2:80");

        Route other = Meshes.outbound(MESH)
                .reroute(Meshes.from("self", "10.0.0.1:4000", "10.0.0.2:80"), List.of(route))
                .toCompletableFuture()
                .join();

        assertThat(other).isInstanceOf(Route.Reject.class);
    }

    @Test
    void step9_unknownGateway_isRejected() {
        Route.Reject route = (Route.Reject) route("10.9.0.5:80");

        assertThat(route.error()).isEqualTo(TunnelError.NO_ROUTE);
        assertThat(route.why()).startsWith("unknown network gateway: ns/nobody.example");
    }

    @Test
    void step9_gatewayByName_isAnEndpointOfItAtItsOwnPort_whichTheServiceMayNameOtherwise() {
        Route.NestedTunnel route = (Route.NestedTunnel) route("10.9.0.6:80");

        assertThat(IpLiteral.format(route.gateway())).isEqualTo("172.18.0.1:15443");
        assertThat(route.expectedGateways()).containsExactlyInAnyOrder(account("gw"), account("gateways"));
        assertThat(route.expectedPeers()).containsExactly(account("named"));
    }

    @ParameterizedTest
    @CsvSource({
        // the endpoint's own mapping, then the service's
        "10.9.0.7:80, 10.0.0.11:8081",
        "10.9.0.7:81, 10.0.0.11:9091"
    })
    void targetPort_isTheEndpointsThenTheServices(String destination, String expected) {
        assertThat(((Route.Tunnel) route(destination)).authority()).hasToString(expected);
    }

    @Test
    void waypointWithAnApplicationTunnel_needsNoPortOfItsService() {
        Route.Tunnel route = (Route.Tunnel) route("10.9.0.2:80");

        assertThat(IpLiteral.format(route.peer())).isEqualTo("10.0.0.10:15008");
        assertThat(route.expectedPeers()).containsExactly(account("takesall"));
    }

    @ParameterizedTest
    @CsvSource({
        // by address: that one, whatever the client's family
        "'[2001:db8::12]:80', 10.0.0.9:15008",
        "10.0.0.12:80, 10.0.0.9:15008",
        // by name: of the client's family
        "'[2001:db8::13]:80', '[2001:db8::9]:15008'",
        "10.0.0.13:80, 10.0.0.9:15008"
    })
    void waypoint_byAddressHasItsFamily_byNameTheClients(String destination, String expected) {
        Route.Tunnel route = (Route.Tunnel) Meshes.route(MESH, Meshes.from("self", "[2001:db8::1]:4000", destination));

        assertThat(IpLiteral.format(route.peer())).isEqualTo(expected);
        assertThat(route.authority()).hasToString(destination);
    }

    @Test
    void nameThatIsNotResolved_isRejectedInWords() {
        for (HostnameResolver resolver : List.of(HostnameResolver.NONE, (HostnameResolver)
                name -> CompletableFuture.failedFuture(new IllegalStateException("servfail")))) {
            StoreOutboundRouter router =
                    new StoreOutboundRouter(() -> MESH, Meshes.settings(""), new Random(1), resolver, OnDemand.NEVER);

            Route route = router.route(Meshes.from("self", "10.0.0.1:4000", "10.9.0.3:80"))
                    .toCompletableFuture()
                    .join();

            assertThat(route).isInstanceOf(Route.Reject.class);
            assertThat(route.why()).startsWith("no ip addresses were resolved: absent.example");
        }
    }
}
