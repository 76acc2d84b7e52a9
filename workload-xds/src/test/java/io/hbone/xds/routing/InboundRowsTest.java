package io.hbone.xds.routing;

import static io.hbone.xds.routing.Meshes.address;
import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.Authority;
import io.hbone.core.Baggage;
import io.hbone.core.ConnectRequest;
import io.hbone.core.Forwarded;
import io.hbone.core.InboundRouter.Inbound;
import io.hbone.core.InboundRouter.Target;
import io.hbone.core.IpLiteral;
import io.hbone.core.TraceParent;
import io.hbone.core.TunnelError;
import io.hbone.xds.store.Snapshot;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rows of spec/ztunnel.md 5.1 for waypoints (step 4) and application tunnels (steps 4 to 9). */
class InboundRowsTest {
    private static final Snapshot MESH = Meshes.of("""
        workloads:
        - {uid: wp, name: wp, namespace: ns, protocol: HBONE, workloadIps: [10.0.0.9, "2001:db8::9"],
           hostname: wp-host.example, services: {ns/wp.example: {15008: 15008}}}
        - {uid: byname, name: byname, namespace: ns, protocol: HBONE, workloadIps: [10.0.0.2], services: {},
           waypoint: {destination: ns/wp.example}}
        - {uid: byhost, name: byhost, namespace: ns, protocol: HBONE, workloadIps: [10.0.0.3], services: {},
           waypoint: {destination: ns/wp-host.example}}
        - {uid: byaddress, name: byaddress, namespace: ns, protocol: HBONE, workloadIps: [10.0.0.4], services: {},
           waypoint: {destination: /10.0.0.9}}
        - {uid: byvip, name: byvip, namespace: ns, protocol: HBONE, workloadIps: [10.0.0.5], services: {},
           waypoint: {destination: /10.9.0.9}}
        - {uid: others, name: others, namespace: ns, protocol: HBONE, workloadIps: [10.0.0.6], services: {},
           waypoint: {destination: ns/wp2.example}}
        - {uid: lost, name: lost, namespace: ns, protocol: HBONE, workloadIps: [10.0.0.7], services: {},
           waypoint: {destination: ns/nowhere.example}}
        - {uid: bare, name: bare, namespace: ns, protocol: HBONE, workloadIps: [10.0.0.8], services: {}}
        - {uid: tunnel, name: tunnel, namespace: ns, protocol: HBONE, workloadIps: [10.0.1.1, "2001:db8:1::1"],
           applicationTunnel: {protocol: PROXY, port: 15088},
           services: {ns/served.example: {80: 8080}, ns/six.example: {80: 8080}, ns/abroad.example: {80: 8080}}}
        - {uid: portless, name: portless, namespace: ns, protocol: HBONE, workloadIps: [10.0.1.2],
           applicationTunnel: {protocol: PROXY}, services: {ns/served.example: {80: 8080}}}
        - {uid: silent, name: silent, namespace: ns, protocol: HBONE, workloadIps: [10.0.1.3],
           applicationTunnel: {protocol: NONE, port: 15088}, services: {}}
        - {uid: looping, name: looping, namespace: ns, protocol: HBONE, workloadIps: [10.0.1.4],
           applicationTunnel: {protocol: PROXY, port: 15008}, services: {}}
        services:
        - {name: wp, namespace: ns, hostname: wp.example, vips: [/10.9.0.9], ports: {15008: 15008}}
        - {name: wp2, namespace: ns, hostname: wp2.example, vips: [/10.9.0.10], ports: {15008: 15008}}
        - {name: guarded, namespace: ns, hostname: guarded.example, vips: [/10.9.0.1], ports: {80: 80},
           waypoint: {destination: ns/wp.example}}
        - {name: split, namespace: ns, hostname: split.example, vips: [/10.9.0.2], ports: {80: 80},
           weightedWaypoints: [{destination: {destination: ns/wp2.example}, weight: 90},
                               {destination: {destination: ns/wp.example}, weight: 10}]}
        - {name: theirs, namespace: ns, hostname: theirs.example, vips: [/10.9.0.3], ports: {80: 80},
           waypoint: {destination: ns/wp2.example}}
        - {name: free, namespace: ns, hostname: free.example, vips: [/10.9.0.4], ports: {80: 80}}
        - {name: served, namespace: ns, hostname: served.example, ports: {80: 80},
           vips: [other/10.8.0.1, "/2001:db8:9::1", /10.9.0.5]}
        - {name: six, namespace: ns, hostname: six.example, ports: {80: 80}, vips: [other/10.8.0.2, "/2001:db8:9::2"]}
        - {name: abroad, namespace: ns, hostname: abroad.example, ports: {80: 80}, vips: [other/10.8.0.3]}
        """);

    private static Target arrive(String uid, String local, String authority) {
        return arrive(uid, local, authority, Meshes.settings(""));
    }

    private static Target arrive(String uid, String local, String authority, RoutingSettings settings) {
        ConnectRequest request = new ConnectRequest(
                Authority.parse(authority), Baggage.EMPTY, Forwarded.NONE, new TraceParent(1, 2, 3, 0), null);
        return new StoreInboundRouter(() -> MESH, uid, settings)
                .route(new Inbound(
                        address("10.0.2.1:4000"),
                        new InetSocketAddress(IpLiteral.parse(local), 15008),
                        Meshes.account("client"),
                        request))
                .toCompletableFuture()
                .join();
    }

    @ParameterizedTest
    @CsvSource({
        // workloads that name this one as their waypoint: by a service, by its host name, its address, a service's
        // address
        "10.0.0.2:80, 10.0.0.9:80",
        "10.0.0.3:80, 10.0.0.9:80",
        "10.0.0.4:80, 10.0.0.9:80",
        "10.0.0.5:8080, 10.0.0.9:8080",
        // services: by their waypoint, and by one of several
        "10.9.0.1:80, 10.0.0.9:80",
        "10.9.0.2:80, 10.0.0.9:80"
    })
    void step4_destinationOfWhichThisIsTheWaypoint_isTaken_atTheLocalAddress(String authority, String expected) {
        Target.Forward target = (Target.Forward) arrive("wp", "10.0.0.9", authority);

        assertThat(IpLiteral.format(target.address())).isEqualTo(expected);
        assertThat(target.announced()).isNull();
        assertThat(target.preserveSource()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // another one's waypoint, one that does not exist, none
                "10.0.0.6:80",
                "10.0.0.7:80",
                "10.0.0.8:80",
                "10.9.0.3:80",
                "10.9.0.4:80",
                // nobody's
                "192.0.2.9:80"
            })
    void step4_destinationOfWhichThisIsNotTheWaypoint_isRefused(String authority) {
        Target.Refuse target = (Target.Refuse) arrive("wp", "10.0.0.9", authority);

        assertThat(target.status()).isEqualTo(400);
        assertThat(target.error()).isEqualTo(TunnelError.DESTINATION_MISMATCH);
    }

    /** The one that its waypoint names has to be the one that the connection came to. */
    @Test
    void step4_waypointNamedByItsOtherAddress_isTakenOnThatOneAsWell() {
        assertThat(arrive("wp", "2001:db8::9", "10.0.0.2:80")).isInstanceOf(Target.Forward.class);
    }

    @ParameterizedTest
    @CsvSource({
        // the workload's own address, anybody else's, and one that is not known: the application decides
        "10.0.1.1:80, 10.0.1.1:80",
        "10.0.0.8:80, 10.0.0.8:80",
        "192.0.2.9:443, 192.0.2.9:443",
        // a service by name is told by its address: ours before another network's, IPv4 before IPv6
        "served.example:80, 10.9.0.5:80",
        "six.example:80, '[2001:db8:9::2]:80'",
        "abroad.example:80, 10.8.0.3:80",
        // a name that nobody knows has none
        "nowhere.example:80, 10.0.1.1:80"
    })
    void steps4And7_applicationTunnel_isToldWhatWasAskedFor(String authority, String announced) {
        Target.Forward target = (Target.Forward) arrive("tunnel", "10.0.1.1", authority);

        assertThat(IpLiteral.format(target.address())).isEqualTo("127.0.0.1:15088");
        assertThat(target.announced()).isNotNull();
        assertThat(IpLiteral.format(Objects.requireNonNull(target.announced()))).isEqualTo(announced);
        assertThat(target.preserveSource())
                .as("no address but loopback finds its way there")
                .isFalse();
    }

    @Test
    void step9_applicationTunnelOnIpv6_isOnLoopbackOfThatFamily() {
        Target.Forward target = (Target.Forward) arrive("tunnel", "2001:db8:1::1", "10.0.0.8:80");

        assertThat(IpLiteral.format(target.address())).isEqualTo("[::1]:15088");
    }

    /** LOCALHOST_APP_TUNNEL=false. */
    @Test
    void step9_applicationTunnelNotOnLoopback_isOnTheLocalAddressWithTheClientsSource() {
        RoutingSettings settings = new RoutingSettings("", Set.of(15001, 15006, 15008), true, true, false);

        Target.Forward target = (Target.Forward) arrive("tunnel", "10.0.1.1", "10.0.0.8:80", settings);

        assertThat(IpLiteral.format(target.address())).isEqualTo("10.0.1.1:15088");
        assertThat(target.preserveSource()).isTrue();
        assertThat(target.announced()).isEqualTo(address("10.0.0.8:80"));
    }

    @ParameterizedTest
    @CsvSource({
        // the port that was asked for, by address; the service's at this workload, by name
        "10.0.0.8:443, 127.0.0.1:443",
        "served.example:80, 127.0.0.1:8080"
    })
    void step7_applicationTunnelWithoutAPort_isOnTheOneThatWasAskedFor(String authority, String expected) {
        Target.Forward target = (Target.Forward) arrive("portless", "10.0.1.2", authority);

        assertThat(IpLiteral.format(target.address())).isEqualTo(expected);
    }

    @Test
    void step7_applicationTunnelWithoutAProtocol_isToldNothing_atTheLocalAddress() {
        Target.Forward target = (Target.Forward) arrive("silent", "10.0.1.3", "10.0.0.8:443");

        assertThat(IpLiteral.format(target.address())).isEqualTo("10.0.1.3:15088");
        assertThat(target.announced()).isNull();
        assertThat(target.preserveSource()).isTrue();
    }

    /** Step 6 is about the port that is connected in the end. */
    @Test
    void step6_applicationTunnelOnAPortOfTheNode_isRefused() {
        Target.Refuse target = (Target.Refuse) arrive("looping", "10.0.1.4", "10.0.1.4:80");

        assertThat(target.error()).isEqualTo(TunnelError.RECURSIVE_CALL);
    }
}
