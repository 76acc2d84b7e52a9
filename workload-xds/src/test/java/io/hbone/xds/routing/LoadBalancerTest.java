package io.hbone.xds.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.IpLiteral;
import io.hbone.core.OutboundRouter.Outbound;
import io.hbone.core.Route;
import io.hbone.core.TunnelError;
import io.hbone.xds.store.Snapshot;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** spec/ztunnel.md 4.2. */
class LoadBalancerTest {
    private static final String CLIENT = """
            - {uid: self, name: self, namespace: ns, serviceAccount: self, protocol: HBONE, node: n1, clusterId: c1,
               workloadIps: [10.0.0.1, "2001:db8::1"], locality: {region: r1, zone: z1, subzone: s1}, services: {}}
            """;

    private static Snapshot mesh(String service, String... endpoints) {
        StringBuilder yaml = new StringBuilder("workloads:\n").append(CLIENT);
        for (int i = 0; i < endpoints.length; i++) {
            String name = endpoints[i].substring(0, endpoints[i].indexOf(' '));
            boolean addressed = endpoints[i].contains("workloadIps");
            yaml.append("- {uid: ").append(name).append(", name: ").append(name);
            yaml.append(", namespace: ns, protocol: HBONE, services: {ns/svc.example: {80: 8080}}");
            yaml.append(addressed ? "" : ", workloadIps: [10.0.1." + (i + 1) + "]");
            yaml.append(endpoints[i].substring(name.length() + 1).isEmpty() ? "" : ", ");
            yaml.append(endpoints[i].substring(name.length() + 1)).append("}\n");
        }
        yaml.append(
                "services:\n- {name: svc, namespace: ns, hostname: svc.example, vips: [/10.9.0.1], ports: {80: 80}");
        return Meshes.of(yaml.append(service.isEmpty() ? "" : ", ")
                .append(service)
                .append("}\n")
                .toString());
    }

    private static final Outbound CONNECTION = Meshes.from("self", "10.0.0.1:4000", "10.9.0.1:80");

    private static Map<String, Integer> drawn(Snapshot mesh) {
        StoreOutboundRouter router = Meshes.outbound(mesh);
        Map<String, Integer> seen = new TreeMap<>();
        for (int i = 0; i < 1000; i++) {
            Route route = router.route(CONNECTION).toCompletableFuture().join();
            String name = route instanceof Route.Reject
                    ? "rejected"
                    : route.destination().name();
            seen.merge(name, 1, Integer::sum);
        }
        return seen;
    }

    private static String balancing(String mode, String preferences) {
        return "loadBalancer: {mode: " + mode + ", routingPreferences: [" + preferences + "]}";
    }

    @Test
    void standard_ignoresPreferences() {
        Snapshot mesh =
                mesh(balancing("Standard", "Region"), "near locality: {region: r1}", "far locality: {region: r2}");

        assertThat(drawn(mesh)).containsOnlyKeys("near", "far");
    }

    @Test
    void unhealthy_isLeftOut() {
        assertThat(drawn(mesh("", "well ", "sick status: Unhealthy"))).containsOnlyKeys("well");
    }

    @Test
    void allowAll_takesUnhealthyOnesToo() {
        Snapshot mesh = mesh("loadBalancer: {healthPolicy: AllowAll}", "well ", "sick status: Unhealthy");

        assertThat(drawn(mesh)).containsOnlyKeys("well", "sick");
    }

    @Test
    void capacity_weighs() {
        Map<String, Integer> seen = drawn(mesh("", "big capacity: 9", "small ", "none capacity: 0"));

        assertThat(seen).containsOnlyKeys("big", "small");
        assertThat(seen.get("small")).isBetween(60, 140);
    }

    @Test
    void capacity_allZero_isNobody() {
        assertThat(drawn(mesh("", "a capacity: 0", "b capacity: 0"))).containsOnlyKeys("rejected");
    }

    @Test
    void noEndpoints_isRejectedAndNotPassedThrough() {
        assertThat(drawn(mesh(""))).containsOnlyKeys("rejected");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Region        | locality: {region: r1}                       | locality: {region: r2}",
                "Region, Zone  | locality: {region: r1, zone: z1}             | locality: {region: r1, zone: z2}",
                // what is listed first counts first
                "Region, Zone  | locality: {region: r1, zone: z2}             | locality: {region: r2, zone: z1}",
                "Region, Zone, Subzone | locality: {region: r1, zone: z1, subzone: s1} | locality: {region: r1, zone: z1, subzone: s2}",
                "Node          | node: n1                                     | node: n2",
                "Cluster       | clusterId: c1                                | clusterId: c2",
            })
    void failover_takesTheBestThatThereIs(String preferences, String better, String worse) {
        assertThat(drawn(mesh(balancing("Failover", preferences), "better " + better, "worse " + worse)))
                .containsOnlyKeys("better");
        assertThat(drawn(mesh(
                        balancing("Failover", preferences),
                        "better " + better + ", status: Unhealthy",
                        "worse " + worse)))
                .containsOnlyKeys("worse");
        // beyond ztunnel: one that is never used does not stand in the way
        assertThat(drawn(mesh(
                        balancing("Failover", preferences), "better " + better + ", capacity: 0", "worse " + worse)))
                .containsOnlyKeys("worse");
    }

    @Test
    void strict_takesOnlyWhatFitsInAll() {
        String both = balancing("Strict", "Region, Zone");

        assertThat(drawn(mesh(both, "fits locality: {region: r1, zone: z1}", "half locality: {region: r1, zone: z2}")))
                .containsOnlyKeys("fits");
        assertThat(drawn(mesh(both, "half locality: {region: r1, zone: z2}"))).containsOnlyKeys("rejected");
    }

    @Test
    void networkFirst_anySameNetworkEndpointOutranksAnyRemoteOne() {
        String gateway = "network: remote, networkGateway: {destination: remote/172.18.0.1}, ";
        String[] endpoints = {
            "remote " + gateway + "locality: {region: r1, zone: z1}",
            "local locality: {region: r9}",
            "gw network: remote, workloadIps: [172.18.0.1]"
        };

        assertThat(drawn(mesh(balancing("Failover", "Network, Region, Zone"), endpoints)))
                .containsOnlyKeys("local");
        endpoints[1] = "local locality: {region: r9}, status: Unhealthy";
        assertThat(drawn(mesh(balancing("Failover", "Network, Region, Zone"), endpoints)))
                .containsOnlyKeys("remote");
        assertThat(drawn(mesh(balancing("Strict", "Network, Region, Zone"), endpoints)))
                .containsOnlyKeys("rejected");
    }

    @ParameterizedTest
    @CsvSource({
        "'', 10.0.1.1",
        "ipFamilies: IPv6, 2001:db8::11",
        "ipFamilies: IPv4, 10.0.1.1",
        "ipFamilies: Dual, 10.0.1.1"
    })
    void ipFamilies_restrictTheAddress(String families, String expected) {
        Snapshot mesh = mesh(families, "both workloadIps: [\"2001:db8::11\", 10.0.1.1]");

        Route.Tunnel route = (Route.Tunnel) Meshes.route(mesh, CONNECTION);

        assertThat(IpLiteral.format(route.peer().getAddress())).isEqualTo(expected);
    }

    @Test
    void ipFamilies_noAddressOfTheOnlyFamily_isRejected() {
        assertThat(Meshes.route(mesh("ipFamilies: IPv6", "v4 "), CONNECTION).why())
                .startsWith("no valid routing destination");
    }

    /** ztunnel tries no second endpoint. */
    @Test
    void reroute_aFailedEndpoint_isAnotherOne() {
        Snapshot mesh = mesh("", "a ", "b ", "c ");
        StoreOutboundRouter router = Meshes.outbound(mesh);
        Route first = router.route(CONNECTION).toCompletableFuture().join();
        Route second =
                router.reroute(CONNECTION, List.of(first)).toCompletableFuture().join();
        Route third = router.reroute(CONNECTION, List.of(first, second))
                .toCompletableFuture()
                .join();

        assertThat(List.of(first, second, third))
                .extracting(route -> route.destination().name())
                .containsExactlyInAnyOrder("a", "b", "c");
        assertThat(router.reroute(CONNECTION, List.of(first, second, third))
                        .toCompletableFuture()
                        .join())
                .isInstanceOf(Route.Reject.class);
    }

    @Test
    void reroute_aWorkloadThatWasAddressedItself_isRejected() {
        Snapshot mesh = mesh("", "a ");
        Outbound connection = Meshes.from("self", "10.0.0.1:4000", "10.0.1.1:80");
        StoreOutboundRouter router = Meshes.outbound(mesh);
        Route first = router.route(connection).toCompletableFuture().join();

        assertThat(router.reroute(connection, List.of(first))
                        .toCompletableFuture()
                        .join())
                .isEqualTo(new Route.Reject(TunnelError.NO_ROUTE, "no other endpoint than 10.0.1.1"));
    }

    @Test
    void manyEndpoints_fewUsable_areFoundAllTheSame() {
        String[] endpoints = new String[200];
        for (int i = 0; i < endpoints.length; i++) {
            endpoints[i] = "e" + i + (i == 77 ? " " : " status: Unhealthy");
        }

        assertThat(drawn(mesh("", endpoints))).containsOnlyKeys("e77");
    }
}
