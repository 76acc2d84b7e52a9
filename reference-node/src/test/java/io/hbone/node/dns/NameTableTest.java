package io.hbone.node.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.TrustDomain;
import io.hbone.node.config.DnsSettings;
import io.hbone.node.config.LocalXds;
import io.hbone.node.mesh.Mesh;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class NameTableTest {
    private static final Mesh MESH = Mesh.load(new LocalXds.Inline("""
        workloads:
        - {uid: w1, name: w1, namespace: store, serviceAccount: a, workloadIps: ["10.0.0.1", "fd00::1"], protocol: HBONE,
           services: {store/heads.store.svc.cluster.local: {80: 80}}}
        - {uid: w2, name: w2, namespace: store, serviceAccount: a, workloadIps: ["10.0.0.2"], protocol: HBONE,
           services: {store/heads.store.svc.cluster.local: {80: 80}, store/any.store.svc.cluster.local: {80: 80}}, status: Unhealthy}
        - {uid: w3, name: w3, namespace: store, serviceAccount: a, workloadIps: ["10.0.0.3"], protocol: HBONE, network: far,
           services: {store/heads.store.svc.cluster.local: {80: 80}}}
        - {uid: h, name: h, namespace: shop, serviceAccount: a, workloadIps: ["10.0.0.4"], protocol: HBONE, services: {},
           hostname: till-0.till.shop.svc.cluster.local}
        - {uid: n, name: n, namespace: shop, serviceAccount: a, workloadIps: [], protocol: HBONE, services: {},
           hostname: bare.example.com}
        services:
        - {name: cart, namespace: store, hostname: cart.store.svc.cluster.local, ports: {80: 80},
           vips: ["/10.9.0.1", "/fd09::1", far/10.9.9.9]}
        - {name: four, namespace: store, hostname: four.store.svc.cluster.local, ports: {80: 80}, vips: ["/10.9.0.4"]}
        - {name: only4, namespace: store, hostname: only4.store.svc.cluster.local, ports: {80: 80},
           vips: ["/10.9.0.5", "/fd09::5"], ipFamilies: IPv4}
        - {name: heads, namespace: store, hostname: heads.store.svc.cluster.local, ports: {80: 80}, vips: []}
        - {name: any, namespace: store, hostname: any.store.svc.cluster.local, ports: {80: 80}, vips: [],
           loadBalancer: {mode: Standard, healthPolicy: AllowAll}}
        - {name: ext, namespace: store, hostname: api.example.com, ports: {80: 80}, vips: []}
        - {name: out, namespace: store, hostname: out.example.com, ports: {80: 80}, vips: ["/10.9.0.7"]}
        - {name: wild, namespace: store, hostname: "*.wild.example.com", ports: {80: 80}, vips: ["/10.9.0.8"]}
        - {name: shared, namespace: zoo, hostname: shared.example.com, ports: {80: 80}, vips: ["/10.9.1.1"]}
        - {name: shared, namespace: good, hostname: shared.example.com, ports: {80: 80}, vips: ["/10.9.1.2"]}
        - {name: shared, namespace: shop, hostname: shared.example.com, ports: {80: 80}, vips: ["/10.9.1.3"]}
        - {name: mine, namespace: store, hostname: mine.example.com, ports: {80: 80}, vips: ["/10.9.1.4"], visibility: Namespace}
        """), TrustDomain.of("cluster.local"));

    private static DnsSettings settings(boolean ipv6, String preferred) {
        return new DnsSettings(List.of(), "cluster.local", preferred, ipv6, Path.of("/none"), false);
    }

    private static NameTable table(DnsSettings settings) {
        return new NameTable(MESH::snapshot, "", settings, null, new Random(7));
    }

    private static @Nullable Answer find(String name, boolean ipv6, String namespace) {
        return table(settings(true, "good")).find(name, ipv6, namespace);
    }

    private static List<String> addresses(String name, boolean ipv6, String namespace) {
        Answer answer = find(name, ipv6, namespace);
        assertThat(answer).isNotNull();
        return List.copyOf(new TreeSet<>(
                answer.addresses().stream().map(InetAddress::getHostAddress).toList()));
    }

    private static List<String> ipv4(String name) {
        return addresses(name, false, "shop");
    }

    private static List<String> ipv6(String name) {
        return addresses(name, true, "shop");
    }

    @Test
    void service_hasTheAddressesOfTheAskersNetwork() {
        assertThat(ipv4("cart.store.svc.cluster.local")).containsExactly("10.9.0.1");
        assertThat(ipv6("cart.store.svc.cluster.local")).containsExactly("fd09:0:0:0:0:0:0:1");
        assertThat(ipv4("cart.store")).containsExactly("10.9.0.1");
        assertThat(addresses("cart", false, "store")).containsExactly("10.9.0.1");
        assertThat(find("cart", false, "shop")).as("another namespace's").isNull();
    }

    /** Stock ztunnel gives the endpoints' addresses of the other family, which nothing balances. */
    @Test
    void familyThatAServiceDoesNotHave_isNoAddress_andNotUnknown() {
        assertThat(ipv6("four.store")).isEmpty();
        assertThat(ipv6("only4.store")).isEmpty();
        assertThat(ipv4("only4.store")).containsExactly("10.9.0.5");
    }

    @Test
    void nodeWithoutIpv6_saysNoneOfIt() {
        Answer answer = table(settings(false, "")).find("cart.store", true, "shop");

        assertThat(answer).isNotNull();
        assertThat(answer.addresses()).isEmpty();
    }

    @Test
    void headlessService_hasTheAddressesOfItsEndpoints_thatCanServe() {
        assertThat(ipv4("heads.store")).as("healthy, and in this network").containsExactly("10.0.0.1");
        assertThat(ipv6("heads.store")).containsExactly("fd00:0:0:0:0:0:0:1");
        assertThat(ipv4("any.store")).as("it wants them all").containsExactly("10.0.0.2");
    }

    @Test
    void hostOutside_isTheMeshsOnlyWithAnAddressOfItsOwn() {
        assertThat(find("api.example.com", false, "shop")).isNull();
        assertThat(ipv4("out.example.com")).containsExactly("10.9.0.7");
    }

    @Test
    void wildcard_coversWhatIsBelowIt_andHasNoAlias() {
        assertThat(ipv4("a.wild.example.com")).containsExactly("10.9.0.8");
        Answer below = find("a.b.wild.example.com.svc.cluster.local", false, "shop");
        assertThat(below).isNotNull();
        assertThat(below.alias()).isNull();
        assertThat(find("wild.example.com", false, "shop")).isNull();
    }

    @Test
    void nameWithASearchDomain_isAnsweredByItsAlias() {
        Answer answer = find("out.example.com.shop.svc.cluster.local", false, "shop");

        assertThat(answer).isNotNull();
        assertThat(answer.alias()).isEqualTo("out.example.com");
    }

    @Test
    void severalOfOneName_areTheAskersOwn_thenThePreferredOne_thenTheFirst() {
        assertThat(ipv4("shared.example.com")).containsExactly("10.9.1.3");
        assertThat(addresses("shared.example.com", false, "other")).containsExactly("10.9.1.2");
        Answer first = table(settings(true, "")).find("shared.example.com", false, "other");
        assertThat(first).isNotNull();
        assertThat(first.addresses()).extracting(InetAddress::getHostAddress).containsExactly("10.9.1.1");
    }

    @Test
    void serviceOfOneNamespaceOnly_isNoNameToOthers() {
        assertThat(find("mine.example.com", false, "shop")).isNull();
        assertThat(addresses("mine.example.com", false, "store")).containsExactly("10.9.1.4");
    }

    @Test
    void workloadsHostname_isANameInItsNamespace() {
        assertThat(ipv4("till-0.till")).containsExactly("10.0.0.4");
        assertThat(find("till-0.till.shop.svc.cluster.local", false, "store")).isNull();
        assertThat(find("bare.example.com", false, "shop"))
                .as("it has no address")
                .isNull();
    }

    @Test
    void order_isNotAlwaysTheSame() {
        Mesh mesh = Mesh.load(new LocalXds.Inline("""
            services:
            - {name: two, namespace: shop, hostname: two.example.com, ports: {80: 80}, vips: ["/10.9.0.1", "/10.9.0.2", "/10.9.0.3"]}
            """), TrustDomain.of("cluster.local"));
        NameTable table = new NameTable(mesh::snapshot, "", settings(true, ""), null, new Random(7));

        TreeSet<String> firsts = new TreeSet<>();
        for (int i = 0; i < 50; i++) {
            Answer answer = table.find("two.example.com", false, "shop");
            assertThat(answer).isNotNull();
            firsts.add(answer.addresses().get(0).getHostAddress());
        }

        assertThat(firsts).hasSize(3);
    }
}
