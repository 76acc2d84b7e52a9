package io.hbone.xds.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.Authority;
import io.hbone.core.Baggage;
import io.hbone.core.ConnectRequest;
import io.hbone.core.Forwarded;
import io.hbone.core.InboundRouter;
import io.hbone.core.InboundRouter.Inbound;
import io.hbone.core.InboundRouter.Target;
import io.hbone.core.IpLiteral;
import io.hbone.core.OutboundRouter.Outbound;
import io.hbone.core.Route;
import io.hbone.core.SpiffeId;
import io.hbone.core.TraceParent;
import io.hbone.core.TunnelError;
import io.hbone.core.WorkloadIdentity;
import io.hbone.core.WorkloadMetadata;
import io.hbone.xds.store.Snapshot;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StoreRoutersTest {

    private static final Snapshot MESH = Meshes.of("""
            workloads:
            - {uid: self, name: self, namespace: ns, serviceAccount: self, protocol: HBONE, clusterId: c1,
               workloadIps: [10.0.0.1, "2001:db8::1"],
               services: {ns/own.example: {80: 8080}, ns/named.example: {}}}
            - {uid: peer, name: peer, namespace: ns, serviceAccount: peer, protocol: HBONE,
               workloadIps: [10.0.0.2, "2001:db8::2"], services: {ns/svc.example: {80: 8080}}}
            - {uid: plain, name: plain, namespace: ns, protocol: TCP, workloadIps: [10.0.0.3],
               services: {ns/svc.example: {}}}
            - {uid: moved, name: moved, namespace: ns, protocol: HBONE, tunnelPort: 25008,
               workloadIps: [10.0.0.4], services: {}}
            - {uid: sick, name: sick, namespace: ns, protocol: HBONE, status: Unhealthy,
               workloadIps: [10.0.0.5], services: {ns/svc.example: {}, ns/down.example: {}}}
            - {uid: spare, name: spare, namespace: ns, protocol: HBONE, capacity: 0,
               workloadIps: [10.0.0.6], services: {ns/down.example: {}}}
            - {uid: far, name: far, namespace: ns, protocol: HBONE, network: other,
               workloadIps: [10.0.0.7], services: {ns/down.example: {}}}
            - {uid: host, name: host, namespace: ns, protocol: HBONE, networkMode: HostNetwork,
               workloadIps: [10.0.0.8], services: {}}
            - {uid: entry, name: entry, namespace: ns, protocol: TCP, workloadIps: [10.0.0.9], services: {}}
            - {uid: c//Pod/ns/pod, name: pod, namespace: ns, protocol: HBONE, workloadIps: [10.0.0.9], services: {}}
            - {uid: big, name: big, namespace: ns, protocol: HBONE, capacity: 3,
               workloadIps: [10.0.1.1], services: {ns/weighted.example: {}}}
            - {uid: small, name: small, namespace: ns, protocol: HBONE,
               workloadIps: [10.0.1.2], services: {ns/weighted.example: {}}}
            services:
            - {name: svc, namespace: ns, hostname: svc.example, vips: [/10.9.0.1], ports: {80: 9080, 81: 0},
               subjectAltNames: [spiffe://cluster.local/ns/ns/sa/extra]}
            - {name: down, namespace: ns, hostname: down.example, vips: [/10.9.0.2], ports: {80: 80}}
            - {name: weighted, namespace: ns, hostname: weighted.example, vips: [/10.9.0.3], ports: {80: 80}}
            - {name: hidden, namespace: other, hostname: hidden.example, vips: [/10.9.0.4], ports: {80: 80},
               visibility: Namespace}
            - {name: theirs, namespace: other, hostname: svc.example, vips: [/10.9.0.1], ports: {80: 80}, canonical: true}
            - {name: own, namespace: ns, hostname: own.example, vips: [/10.9.0.5], ports: {80: 80}}
            - {name: named, namespace: ns, hostname: named.example, vips: [/10.9.0.6], ports: {443: 8443}}
            - {name: elsewhere, namespace: ns, hostname: elsewhere.example, vips: [other/10.9.0.7], ports: {80: 80}}
            """);

    private static final SpiffeId PEER = SpiffeId.parse("spiffe://cluster.local/ns/ns/sa/peer");
    private static final WorkloadIdentity IDENTITY =
            new WorkloadIdentity("self", SpiffeId.parse("spiffe://cluster.local/ns/ns/sa/self"));

    private final StoreOutboundRouter outbound =
            new StoreOutboundRouter(() -> MESH, settings(true, true), new Random(7));
    private final InboundRouter router = router(true, true);

    private static RoutingSettings settings(boolean preserveSource, boolean believeBaggage) {
        return new RoutingSettings("", Set.of(15001, 15006, 15008), preserveSource, believeBaggage, true);
    }

    private static InboundRouter router(boolean preserveSource, boolean believeBaggage) {
        return new StoreInboundRouter(() -> MESH, "self", settings(preserveSource, believeBaggage));
    }

    private static InetSocketAddress address(String text) {
        Authority authority = Authority.parse(text);
        return new InetSocketAddress(authority.address(), authority.port());
    }

    private Route outbound(String destination) {
        return outbound.route(new Outbound(IDENTITY, address("10.0.0.1:40000"), address(destination)))
                .toCompletableFuture()
                .join();
    }

    @ParameterizedTest
    @CsvSource({
        // an enrolled workload by its address
        "10.0.0.2:9090, 10.0.0.2:15008, 10.0.0.2:9090, peer",
        "[2001:db8::2]:9090, [2001:db8::2]:15008, [2001:db8::2]:9090, peer",
        // with a tunnel port of its own
        "10.0.0.4:80, 10.0.0.4:25008, 10.0.0.4:80, moved",
        // a pod wins over an entry with its address
        "10.0.0.9:80, 10.0.0.9:15008, 10.0.0.9:80, pod",
        // the ports of the node, on another workload: that one's node refuses them
        "10.0.0.2:15001, 10.0.0.2:15008, 10.0.0.2:15001, peer",
        // oneself, which is a workload as others are
        "10.0.0.1:80, 10.0.0.1:15008, 10.0.0.1:80, self"
    })
    void route_enrolledWorkload_isATunnelToItsAddress(String destination, String peer, String authority, String name) {
        Route.Tunnel route = (Route.Tunnel) outbound(destination);

        assertThat(IpLiteral.format(route.peer())).isEqualTo(peer);
        assertThat(route.authority()).hasToString(authority);
        assertThat(route.destination().name()).isEqualTo(name);
        assertThat(route.service()).isNull();
        assertThat(route.expectedPeers()).containsExactly(route.destination().identity());
    }

    @ParameterizedTest
    @CsvSource({
        // not enrolled
        "10.0.0.3:80, plain",
        // not known: outside of the mesh, a machine's address, another network's
        "93.184.216.34:443, ''",
        "10.0.0.8:80, ''",
        "10.0.0.7:80, ''",
        "[2001:db8::99]:80, ''",
        // a service that this namespace does not see, and one in another network
        "10.9.0.4:80, ''",
        "10.9.0.7:80, ''",
        // the application's own loopback, and the node's ports elsewhere
        "127.0.0.1:80, ''",
        "93.184.216.34:15008, ''"
    })
    void route_notEnrolledOrUnknown_isDirect(String destination, String name) {
        Route.Direct route = (Route.Direct) outbound(destination);

        assertThat(IpLiteral.format(route.address())).isEqualTo(destination);
        assertThat(route.destination().name()).isEqualTo(name);
        assertThat(route.service()).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1:15001",
                "127.8.8.8:15006",
                "[::1]:15008",
                "10.0.0.1:15001",
                "[2001:db8::1]:15006",
                "0.0.0.0:15001"
            })
    void route_ownPorts_areRejected(String destination) {
        Route.Reject route = (Route.Reject) outbound(destination);

        assertThat(route.error()).isEqualTo(TunnelError.RECURSIVE_CALL);
        assertThat(route.why()).isEqualTo("attempted recursive call to ourselves: " + destination);
    }

    @Test
    void route_service_isAHealthyEndpointWithItsOwnPort() {
        Map<String, Integer> seen = new HashMap<>();
        for (int i = 0; i < 200; i++) {
            Route route = outbound("10.9.0.1:80");
            seen.merge(route.destination().name(), 1, Integer::sum);
            assertThat(route.service()).isEqualTo(new Route.ServiceRef("ns", "svc", "svc.example"));
            if (route instanceof Route.Tunnel tunnel) {
                assertThat(tunnel.authority()).hasToString("10.0.0.2:8080");
                assertThat(tunnel.expectedPeers())
                        .containsExactlyInAnyOrder(PEER, SpiffeId.parse("spiffe://cluster.local/ns/ns/sa/extra"));
            } else {
                assertThat(IpLiteral.format(((Route.Direct) route).address())).isEqualTo("10.0.0.3:9080");
            }
        }

        assertThat(seen).containsOnlyKeys("peer", "plain");
        assertThat(seen.get("peer")).isBetween(60, 140);
    }

    @Test
    void route_service_drawsByCapacity() {
        int big = 0;
        for (int i = 0; i < 1000; i++) {
            big += outbound("10.9.0.3:80").destination().name().equals("big") ? 1 : 0;
        }

        assertThat(big).isBetween(680, 820);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // nobody healthy, with capacity, in this network
                "10.9.0.2:80",
                // a port that the service does not have, or that leads nowhere
                "10.9.0.1:8888",
                "10.9.0.1:81"
            })
    void route_serviceWithoutEndpoint_isRejectedAndNotPassedThrough(String destination) {
        Route.Reject route = (Route.Reject) outbound(destination);

        assertThat(route.error()).isEqualTo(TunnelError.NO_ROUTE);
        assertThat(route.why()).startsWith("no healthy upstream: " + destination);
    }

    private static ConnectRequest request(String authority) {
        return request(authority, Baggage.EMPTY, null, null);
    }

    private static ConnectRequest request(String authority, Baggage baggage, String forwardedHost, String network) {
        return new ConnectRequest(
                Authority.parse(authority),
                baggage,
                new Forwarded(null, forwardedHost),
                new TraceParent(1, 2, 3, 0),
                network);
    }

    private static Target inbound(InboundRouter router, String peer, SpiffeId identity, ConnectRequest request) {
        return router.route(new Inbound(address(peer), address("10.0.0.1:15008"), identity, request))
                .toCompletableFuture()
                .join();
    }

    private Target inbound(ConnectRequest request) {
        return inbound(router, "10.0.0.2:5000", PEER, request);
    }

    @ParameterizedTest
    @CsvSource({
        // the workload's own address
        "10.0.0.1:8080, 10.0.0.1:8080",
        "10.0.0.1:1, 10.0.0.1:1",
        // a service of this workload by name, and its target port here
        "own.example:80, 10.0.0.1:8080",
        "OWN.example:80, 10.0.0.1:8080",
        "named.example:443, 10.0.0.1:8443"
    })
    void route_requestForThisWorkload_isForwarded(String authority, String expected) {
        Target.Forward target = (Target.Forward) inbound(request(authority));

        assertThat(IpLiteral.format(target.address())).isEqualTo(expected);
        assertThat(target.preserveSource()).isTrue();
        assertThat(target.source().name()).isEqualTo("peer");
        assertThat(target.source().identity()).isEqualTo(PEER);
        assertThat(target.destination().name()).isEqualTo("self");
    }

    @ParameterizedTest
    @CsvSource({
        // another address: even the other one of this workload, as the connection did not come for it
        "10.0.0.2:80, 400, DESTINATION_MISMATCH, ip mismatch: 10.0.0.1 != 10.0.0.2",
        "[2001:db8::1]:80, 400, DESTINATION_MISMATCH, ip mismatch: 10.0.0.1 != 2001:db8::1",
        "127.0.0.1:80, 400, DESTINATION_MISMATCH, ip mismatch: 10.0.0.1 != 127.0.0.1",
        "10.9.0.5:80, 400, DESTINATION_MISMATCH, ip mismatch: 10.0.0.1 != 10.9.0.5",
        // a service that is not this workload's, is not known, or has no such port
        "svc.example:80, 503, NO_ROUTE, no service of this workload on that port: svc.example:80",
        "nowhere.example:80, 503, NO_ROUTE, no service of this workload on that port: nowhere.example:80",
        "own.example:81, 503, NO_ROUTE, no service of this workload on that port: own.example:81",
        // the node itself
        "10.0.0.1:15008, 503, RECURSIVE_CALL, attempted recursive call to ourselves: 10.0.0.1:15008",
        "10.0.0.1:15001, 503, RECURSIVE_CALL, attempted recursive call to ourselves: 10.0.0.1:15001",
        "10.0.0.1:15006, 503, RECURSIVE_CALL, attempted recursive call to ourselves: 10.0.0.1:15006"
    })
    void route_requestForSomethingElse_isRefused(String authority, int status, TunnelError error, String why) {
        assertThat(inbound(request(authority))).isEqualTo(new Target.Refuse(status, error, why));
    }

    @Test
    void route_peerOnTheSameAddress_doesNotBorrowIt() {
        Target.Forward target = (Target.Forward) inbound(router, "10.0.0.1:5000", PEER, request("10.0.0.1:80"));

        assertThat(target.preserveSource()).isFalse();
    }

    @Test
    void route_sourcePreservationOff_borrowsNoAddress() {
        Target.Forward target =
                (Target.Forward) inbound(router(false, true), "10.0.0.2:5000", PEER, request("10.0.0.1:80"));

        assertThat(target.preserveSource()).isFalse();
    }

    @Test
    void route_otherIdentityOnAKnownAddress_isTheOneThatWasProved() {
        SpiffeId other = SpiffeId.parse("spiffe://cluster.local/ns/x/sa/y");

        Target.Forward target = (Target.Forward) inbound(router, "10.0.0.2:5000", other, request("10.0.0.1:80"));

        assertThat(target.source().name()).isEqualTo("peer");
        assertThat(target.source().identity()).isEqualTo(other);
    }

    @Test
    void route_unknownPeer_isWhatItSaysOfItselfWithTheIdentityItProved() {
        Baggage baggage = new Baggage("c9", "far-ns", "deployment", "far", "app", "v1", "r", "z");

        Target.Forward believed =
                (Target.Forward) inbound(router, "192.0.2.1:5000", PEER, request("10.0.0.1:80", baggage, null, null));
        Target.Forward doubted = (Target.Forward)
                inbound(router(true, false), "192.0.2.1:5000", PEER, request("10.0.0.1:80", baggage, null, null));

        assertThat(believed.source()).isEqualTo(WorkloadMetadata.of(baggage, PEER));
        assertThat(doubted.source()).isEqualTo(WorkloadMetadata.of(Baggage.EMPTY, PEER));
    }

    @Test
    void route_peerOfAnotherNetwork_isNotLookedUpByAddress() {
        Baggage baggage = new Baggage("c9", "far-ns", "deployment", "far", "app", "v1", "r", "z");

        Target.Forward target =
                (Target.Forward) inbound(router, "10.0.0.2:5000", PEER, request("10.0.0.1:80", baggage, null, "other"));

        assertThat(target.source().name()).isEqualTo("far");
    }

    @Test
    void route_forwardedHost_namesTheServiceWhenItIsOurs() {
        Target.Forward ours = (Target.Forward) inbound(request("10.0.0.1:8080", Baggage.EMPTY, "Named.example", null));
        Target.Forward theirs = (Target.Forward) inbound(request("10.0.0.1:8080", Baggage.EMPTY, "svc.example", null));
        Target.Forward none = (Target.Forward) inbound(request("10.0.0.1:9999"));

        assertThat(ours.service()).isEqualTo(new Route.ServiceRef("ns", "named", "named.example"));
        assertThat(theirs.service()).isEqualTo(new Route.ServiceRef("ns", "own", "own.example"));
        assertThat(none.service()).isNull();
    }

    private Target plaintext(String peer, String dialled) {
        return router.route(new Inbound(address(peer), address(dialled), null, null))
                .toCompletableFuture()
                .join();
    }

    @Test
    void route_plaintext_isForwardedToWhereItWasDialled() {
        Target.Forward target = (Target.Forward) plaintext("10.0.0.2:5000", "10.0.0.1:8080");

        assertThat(IpLiteral.format(target.address())).isEqualTo("10.0.0.1:8080");
        assertThat(target.preserveSource()).isTrue();
        assertThat(target.source().name()).isEqualTo("peer");
        assertThat(target.source().identity()).isNull();
        assertThat(target.service()).isEqualTo(new Route.ServiceRef("ns", "own", "own.example"));
    }

    @Test
    void route_plaintextOfAStranger_isForwardedAsUnknown() {
        Target.Forward target = (Target.Forward) plaintext("192.0.2.1:5000", "10.0.0.1:9999");

        assertThat(target.source()).isEqualTo(WorkloadMetadata.UNKNOWN);
    }

    @ParameterizedTest
    @ValueSource(ints = {15001, 15006, 15008})
    void route_plaintextToTheNodesPorts_isRefused(int port) {
        assertThat(plaintext("10.0.0.2:5000", "10.0.0.1:" + port))
                .isInstanceOfSatisfying(
                        Target.Refuse.class,
                        refusal -> assertThat(refusal.error()).isEqualTo(TunnelError.RECURSIVE_CALL));
    }
}
