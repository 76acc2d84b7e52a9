package io.hbone.xds.routing;

import static io.hbone.xds.routing.Meshes.account;
import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.IpLiteral;
import io.hbone.core.Route;
import io.hbone.core.TunnelError;
import io.hbone.xds.store.Snapshot;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rows 2 to 9 of spec/ztunnel.md 4.1, and 4.3. */
class WaypointsAndGatewaysTest {
    private static final Snapshot MESH = Meshes.of("""
            workloads:
            - {uid: self, name: self, namespace: ns, serviceAccount: self, protocol: HBONE, workloadIps: [10.0.0.1], services: {}}
            - {uid: app, name: app, namespace: ns, serviceAccount: app, protocol: HBONE, workloadIps: [10.0.0.2],
               services: {ns/guarded.example: {80: 8080}, ns/loop.example: {80: 8080}},
               waypoint: {destination: ns/wp.example, hboneMtlsPort: 15008}}
            - {uid: byip, name: byip, namespace: ns, protocol: HBONE, workloadIps: [10.0.0.3], services: {},
               waypoint: {destination: /10.9.0.8}}
            - {uid: bypod, name: bypod, namespace: ns, protocol: HBONE, workloadIps: [10.0.0.4], services: {},
               waypoint: {destination: /10.0.0.9}}
            - {uid: lost, name: lost, namespace: ns, protocol: HBONE, workloadIps: [10.0.0.5], services: {},
               waypoint: {destination: ns/nowhere.example}}
            - {uid: narcissus, name: narcissus, namespace: ns, protocol: HBONE, workloadIps: [10.0.0.6], services: {},
               waypoint: {destination: /10.0.0.6}}
            - {uid: named, name: named, namespace: ns, protocol: HBONE, workloadIps: [10.0.0.7], services: {},
               waypoint: {destination: ns/wp-host.example}}
            - {uid: wp, name: wp, namespace: ns, serviceAccount: wp, protocol: HBONE, workloadIps: [10.0.0.9, "2001:db8::9"],
               services: {ns/wp.example: {15008: 15008}}}
            - {uid: wph, name: wph, namespace: ns, serviceAccount: wph, protocol: HBONE, workloadIps: [10.0.0.10],
               hostname: wp-host.example, services: {}}
            - {uid: canary, name: canary, namespace: ns, serviceAccount: canary, protocol: HBONE, workloadIps: [10.0.0.11],
               services: {ns/canary.example: {}}}
            - {uid: far, name: far, namespace: ns, serviceAccount: far, protocol: HBONE, network: remote, workloadIps: [],
               services: {ns/remote.example: {80: 80}, ns/anyone.example: {80: 80}},
               networkGateway: {destination: remote/172.18.0.1, hboneMtlsPort: 15008}}
            - {uid: stranded, name: stranded, namespace: ns, protocol: HBONE, network: island, workloadIps: [10.5.0.1],
               services: {ns/stranded.example: {80: 80}}}
            - {uid: gw, name: gw, namespace: ns, serviceAccount: gw, protocol: HBONE, network: remote,
               workloadIps: [172.18.0.1], services: {}}
            - {uid: farwp, name: farwp, namespace: ns, serviceAccount: farwp, protocol: HBONE, network: remote, workloadIps: [],
               services: {ns/farwp.example: {15008: 15008}},
               networkGateway: {destination: remote/172.18.0.1}}
            - {uid: foreigner, name: foreigner, namespace: ns, protocol: HBONE, network: remote, hostname: f.example,
               workloadIps: [10.6.0.1], services: {}}
            services:
            - {name: guarded, namespace: ns, hostname: guarded.example, vips: [/10.9.0.1], ports: {80: 80},
               waypoint: {destination: ns/wp.example, hboneMtlsPort: 15008}}
            - {name: split, namespace: ns, hostname: split.example, vips: [/10.9.0.2], ports: {80: 80},
               waypoint: {destination: ns/nowhere.example},
               weightedWaypoints: [{destination: {destination: ns/wp.example}, weight: 90},
                                   {destination: {destination: ns/canary.example}, weight: 10}]}
            - {name: unweighted, namespace: ns, hostname: unweighted.example, vips: [/10.9.0.3], ports: {80: 80},
               waypoint: {destination: ns/wp.example},
               weightedWaypoints: [{destination: {destination: ns/canary.example}, weight: 0}]}
            - {name: lost, namespace: ns, hostname: lost.example, vips: [/10.9.0.4], ports: {80: 80},
               waypoint: {destination: ns/nowhere.example}}
            - {name: loop, namespace: ns, hostname: loop.example, vips: [/10.9.0.5], ports: {80: 80},
               waypoint: {destination: ns/loop2.example}}
            - {name: loop2, namespace: ns, hostname: loop2.example, vips: [/10.9.0.6], ports: {80: 80},
               waypoint: {destination: ns/loop.example}}
            - {name: wp, namespace: ns, hostname: wp.example, vips: [/10.9.0.8], ports: {15008: 15008},
               subjectAltNames: [spiffe://cluster.local/ns/ns/sa/waypoints]}
            - {name: canary, namespace: ns, hostname: canary.example, vips: [], ports: {15008: 15008}}
            - {name: remote, namespace: ns, hostname: remote.example, vips: [/10.9.1.1], ports: {80: 80},
               subjectAltNames: [spiffe://cluster.local/ns/ns/sa/far-app]}
            - {name: anyone, namespace: ns, hostname: anyone.example, vips: [/10.9.1.2], ports: {80: 80}}
            - {name: stranded, namespace: ns, hostname: stranded.example, vips: [/10.9.1.3], ports: {80: 80}}
            - {name: farguarded, namespace: ns, hostname: farguarded.example, vips: [/10.9.1.4], ports: {80: 80},
               waypoint: {destination: ns/farwp.example}}
            - {name: farwp, namespace: ns, hostname: farwp.example, vips: [], ports: {15008: 15008},
               subjectAltNames: [spiffe://cluster.local/ns/ns/sa/farwp-san]}
            - {name: passthrough, namespace: ns, hostname: pt.example, vips: [/10.9.1.5], ports: {80: 80},
               loadBalancer: {mode: Passthrough}}
            - {name: ptguarded, namespace: ns, hostname: ptg.example, vips: [/10.9.1.6], ports: {80: 80},
               loadBalancer: {mode: Passthrough}, waypoint: {destination: ns/wp.example}}
            """);

    private static Route route(String destination) {
        return Meshes.route(MESH, Meshes.from("self", "10.0.0.1:4000", destination));
    }

    @Test
    void step2_ownWorkloadUnknown_isRejected() {
        Route route = Meshes.route(MESH, Meshes.from("nobody", "10.0.0.1:4000", "10.0.0.2:80"));

        assertThat(route).isInstanceOf(Route.Reject.class);
        assertThat(route.why()).startsWith("failed to fetch information about local workload");
    }

    @ParameterizedTest
    @CsvSource({
        // step 4: the waypoint of a service, the destination stays as it was dialled
        "10.9.0.1:80, 10.0.0.9:15008, guarded",
        "10.9.0.3:80, 10.0.0.9:15008, unweighted",
        "10.9.1.6:80, 10.0.0.9:15008, ptguarded",
        // step 7: the waypoint of a workload that is addressed itself: by a service's name, a service's address, a
        // workload's address
        "10.0.0.2:80, 10.0.0.9:15008, ",
        "10.0.0.3:80, 10.0.0.9:15008, ",
        "10.0.0.4:80, 10.0.0.9:15008, "
    })
    void steps4And7_waypoint_isATunnelToItForTheAddressAsDialled(String destination, String peer, String service) {
        Route.Tunnel route = (Route.Tunnel) route(destination);

        assertThat(IpLiteral.format(route.peer())).isEqualTo(peer);
        assertThat(route.authority()).hasToString(destination);
        assertThat(route.destination().name()).isEqualTo("wp");
        assertThat(route.expectedPeers()).contains(account("wp"));
        assertThat(route.service() == null ? null : route.service().name()).isEqualTo(service);
        assertThat(route.why()).contains("waypoint");
    }

    @Test
    void step4_waypointService_itsNamesMayAnswerToo() {
        Route.Tunnel route = (Route.Tunnel) route("10.9.0.1:80");

        assertThat(route.expectedPeers()).containsExactlyInAnyOrder(account("wp"), account("waypoints"));
    }

    @Test
    void waypointByHostnameOfAWorkload_isFound() {
        Route.Tunnel route = (Route.Tunnel) route("10.0.0.7:80");

        assertThat(IpLiteral.format(route.peer())).isEqualTo("10.0.0.10:15008");
    }

    @Test
    void weightedWaypoints_areDrawnByWeight() {
        StoreOutboundRouter router = Meshes.outbound(MESH);
        Map<String, Integer> seen = new TreeMap<>();
        for (int i = 0; i < 1000; i++) {
            Route route = router.route(Meshes.from("self", "10.0.0.1:4000", "10.9.0.2:80"))
                    .toCompletableFuture()
                    .join();
            seen.merge(route.destination().name(), 1, Integer::sum);
        }

        assertThat(seen).containsOnlyKeys("wp", "canary");
        assertThat(seen.get("canary")).isBetween(60, 140);
    }

    @ParameterizedTest
    @CsvSource({"10.9.0.4:80", "10.0.0.5:80"})
    void unknownWaypoint_isRejectedAndNeverBypassed(String destination) {
        Route.Reject route = (Route.Reject) route(destination);

        assertThat(route.error()).isEqualTo(TunnelError.NO_ROUTE);
        assertThat(route.why()).startsWith("unknown waypoint: ns/nowhere.example");
    }

    @Test
    void waypointLoop_betweenServices_isRejected() {
        Route.Reject route = (Route.Reject) route("10.9.0.5:80");

        assertThat(route.why()).isEqualTo("waypoint loop: ns/loop.example -> ns/loop2.example -> ns/loop.example");
    }

    @Test
    void waypointLoop_workloadThatIsItsOwnWaypoint_isRejected() {
        assertThat(route("10.0.0.6:80").why()).startsWith("waypoint loop: narcissus");
    }

    /** A sandwiched waypoint must not be sent back to itself. */
    @ParameterizedTest
    @CsvSource({"10.0.0.2:8080", "10.0.0.3:8080", "10.0.0.4:8080"})
    void step7_sourceIsTheWaypoint_goesDirectly(String destination) {
        Route.Tunnel route = (Route.Tunnel) Meshes.route(MESH, Meshes.from("wp", "10.0.0.9:4000", destination));

        assertThat(route.authority()).hasToString(destination);
        assertThat(IpLiteral.format(route.peer().getAddress()) + ":8080").isEqualTo(destination);
    }

    @Test
    void step5_passthrough_isDirectWithoutLabels() {
        Route.Direct route = (Route.Direct) route("10.9.1.5:80");

        assertThat(IpLiteral.format(route.address())).isEqualTo("10.9.1.5:80");
        assertThat(route.service()).isNull();
        assertThat(route.destination().name()).isEmpty();
    }

    @Test
    void step6_upstreamInAnotherNetworkWithoutService_isRejected() {
        StoreOutboundRouter router = new StoreOutboundRouter(() -> MESH, Meshes.settings("remote"), new Random(1));

        Route route = router.route(Meshes.from("self", "10.0.0.1:4000", "10.6.0.1:80"))
                .toCompletableFuture()
                .join();

        assertThat(route).isInstanceOf(Route.Reject.class);
        assertThat(route.why()).startsWith("no service for target");
    }

    @Test
    void step9_upstreamInAnotherNetwork_isANestedTunnelByItsGateway() {
        Route.NestedTunnel route = (Route.NestedTunnel) route("10.9.1.1:80");

        assertThat(IpLiteral.format(route.gateway())).isEqualTo("172.18.0.1:15008");
        assertThat(route.expectedGateways()).containsExactly(account("gw"));
        assertThat(route.expectedPeers()).containsExactly(account("far-app"));
        assertThat(route.authority()).hasToString("remote.example:80");
    }

    /** Stock ztunnel expects nobody then, and every inner handshake fails. */
    @Test
    void step9_serviceThatNamesNobody_expectsTheWorkload() {
        Route.NestedTunnel route = (Route.NestedTunnel) route("10.9.1.2:80");

        assertThat(route.expectedPeers()).containsExactly(account("far"));
    }

    @Test
    void step4To9_waypointInAnotherNetwork_isANestedTunnelForTheService() {
        Route.NestedTunnel route = (Route.NestedTunnel) route("10.9.1.4:80");

        assertThat(route.authority()).hasToString("farguarded.example:80");
        assertThat(route.expectedPeers()).containsExactly(account("farwp-san"));
    }

    @Test
    void step9_noGateway_isRejected() {
        assertThat(route("10.9.1.3:80")).isInstanceOf(Route.Reject.class);
    }

    @Test
    void hostnameWorkload_isResolvedByTheNode() {
        Snapshot mesh = Meshes.of("""
                workloads:
                - {uid: self, name: self, namespace: ns, serviceAccount: self, protocol: HBONE, workloadIps: [10.0.0.1], services: {}}
                - {uid: ext, name: ext, namespace: ns, protocol: TCP, hostname: ext.example, workloadIps: [],
                   services: {ns/ext.example: {443: 8443}}}
                services:
                - {name: ext, namespace: ns, hostname: ext.example, vips: [/10.9.0.1], ports: {443: 443}}
                """);
        CompletableFuture<List<InetAddress>> answer = new CompletableFuture<>();
        StoreOutboundRouter router =
                new StoreOutboundRouter(() -> mesh, Meshes.settings(""), new Random(1), name -> answer, OnDemand.NEVER);

        CompletableFuture<Route> route = router.route(Meshes.from("self", "10.0.0.1:4000", "10.9.0.1:443"))
                .toCompletableFuture();
        assertThat(route).isNotDone();
        answer.complete(List.of(IpLiteral.parse("2001:db8::5"), IpLiteral.parse("192.0.2.5")));

        assertThat(IpLiteral.format(((Route.Direct) route.join()).address())).isEqualTo("192.0.2.5:8443");
    }

    @Test
    void explain_saysWhichResourcesDecided() {
        RouteExplanation explanation = Meshes.outbound(MESH)
                .explain(Meshes.from("self", "10.0.0.1:4000", "10.9.0.1:80"))
                .toCompletableFuture()
                .join();

        assertThat(explanation.steps())
                .extracting(RouteExplanation.Step::what)
                .containsExactly("source", "destination", "candidate", "endpoint", "waypoint", "address");
        assertThat(explanation.steps().get(1).resource()).isEqualTo("ns/guarded.example");
        assertThat(explanation.steps())
                .allSatisfy(step -> assertThat(step.version()).isNotEmpty());
    }
}
