package io.hbone.xds.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.core.WorkloadMetadata;
import io.hbone.xds.NamedResource;
import io.hbone.xds.model.PortMap;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Vip;
import io.hbone.xds.model.Workload;
import io.hbone.xds.proto.security.Action;
import io.hbone.xds.proto.security.Authorization;
import io.hbone.xds.proto.security.Match;
import io.hbone.xds.proto.security.Scope;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LocalFileTest {

    private static final TrustDomain TRUST_DOMAIN = TrustDomain.of("cluster.local");

    static LocalFile read(String yaml) {
        return LocalFile.parse(yaml, TRUST_DOMAIN);
    }

    @Test
    void read_theFileOfTheBenchmark_isTaken() {
        LocalFile file = read("""
                workloads:
                - uid: cluster1//v1/Pod/default/client
                  name: client
                  namespace: default
                  serviceAccount: client
                  trustDomain: cluster.local
                  workloadIps: ["10.231.0.1"]
                  protocol: HBONE
                  node: client
                  network: ""
                  services: {}
                """);

        Workload workload = file.workloads().get(0);
        assertThat(workload.uid()).isEqualTo("cluster1//v1/Pod/default/client");
        assertThat(workload.identity()).isEqualTo(SpiffeId.parse("spiffe://cluster.local/ns/default/sa/client"));
        assertThat(workload.enrolled()).isTrue();
        assertThat(workload.tunnelPort()).isEqualTo(15008);
        assertThat(workload.healthy()).isTrue();
        assertThat(workload.capacity()).isEqualTo(1);
        assertThat(workload.addresses()).hasToString("[/10.231.0.1]");
    }

    @Test
    void read_everyField_isTaken() {
        LocalFile file = read("""
                workloads:
                - uid: u1
                  name: w
                  namespace: ns
                  serviceAccount: sa
                  trustDomain: td.example
                  workloadIps: [10.0.0.1, "2001:db8::1"]
                  protocol: TCP
                  node: n
                  network: net1
                  workloadName: dep
                  workloadType: deployment
                  canonicalName: app
                  canonicalRevision: v2
                  clusterId: c1
                  status: Unhealthy
                  networkMode: HostNetwork
                  capacity: 7
                  tunnelPort: 25008
                  nativeTunnel: true
                  hostname: ""
                  locality: {region: r, zone: z, subzone: s}
                  waypoint: null
                  authorizationPolicies: []
                  services:
                    ns/svc.example: {80: 8080, 443: 0}
                services:
                - name: svc
                  namespace: ns
                  hostname: svc.example
                  vips: [net1/10.9.0.1, "/10.9.0.2"]
                  ports: {80: 0, 443: 8443}
                  subjectAltNames: [spiffe://td.example/ns/ns/sa/other]
                  canonical: true
                  visibility: Namespace
                policies: []
                """);

        Workload workload = file.workloads().get(0);
        assertThat(workload.metadata())
                .isEqualTo(new WorkloadMetadata(
                        "w",
                        "ns",
                        SpiffeId.parse("spiffe://td.example/ns/ns/sa/sa"),
                        "dep",
                        "deployment",
                        "app",
                        "v2",
                        "c1",
                        "r",
                        "z"));
        assertThat(workload.metadata(null).identity()).isNull();
        assertThat(workload.enrolled()).isFalse();
        assertThat(workload.healthy()).isFalse();
        assertThat(workload.hostNetwork()).isTrue();
        assertThat(workload.capacity()).isEqualTo(7);
        assertThat(workload.tunnelPort()).isEqualTo(25008);
        assertThat(workload.services()).containsOnlyKeys("ns/svc.example");
        assertThat(workload.services().get("ns/svc.example").asMap()).isEqualTo(Map.of(80, 8080, 443, 0));
        Service service = file.services().get(0);
        assertThat(service.key()).isEqualTo("ns/svc.example");
        assertThat(service.canonical()).isTrue();
        assertThat(service.namespaceOnly()).isTrue();
        assertThat(service.vips()).extracting(Vip::network).containsExactly("net1", "");
        assertThat(service.ports().target(80)).isZero();
        assertThat(service.ports().target(443)).isEqualTo(8443);
        assertThat(service.ports().target(1)).isEqualTo(PortMap.ABSENT);
    }

    @Test
    void read_leastFields_takeDefaults() {
        LocalFile file = read("""
                workloads:
                - {namespace: ns, name: w, workloadIps: [], services: {}}
                """);

        Workload workload = file.workloads().get(0);
        assertThat(workload.uid()).isEqualTo("ns/w");
        assertThat(workload.identity()).hasToString("spiffe://cluster.local/ns/ns/sa/default");
        assertThat(workload.enrolled()).isFalse();
        assertThat(file.services()).isEmpty();
    }

    private static final String W = "workloads:\n- {namespace: ns, name: w, workloadIps: [10.0.0.1], services: {}";
    private static final String P = "policies:\n- {name: p, namespace: ns";
    private static final String S = "services:\n- {namespace: ns, name: s, hostname: h, vips: [], ports: {}";

    static Stream<Arguments> wrong() {
        return Stream.of(
                bad("", "the document: \"null\" (expected: a mapping)"),
                bad("- 1", "the document: \"a list\" (expected: a mapping)"),
                bad("a: [", "not YAML: "),
                bad("a: 1\na: 2", "not YAML: "),
                bad(
                        "workloads: []\nservices: []\nworkloads: []",
                        "not YAML: found duplicate key workloads at line 3 column 1"),
                bad(
                        "workloads: []\n---\nservices: []",
                        "not YAML: another document begins (expected: one) at line 2 column 1"),
                bad("workloads: []\nservices: [a, b", "services[0]: \"a\" (expected: a mapping)"),
                bad(W + "}\n- {name: w, name: v}", "not YAML: found duplicate key name at line 3 column 13"),
                bad("a: &x 1\nb: *y", "not YAML: "),
                bad("nope: 1", "nope: unknown field (expected: one of policies, services, workloads)"),
                bad("? [1]\n: 2", ""),
                bad("workloads: 1", "workloads: \"1\" (expected: a list)"),
                bad("workloads: [1]", "workloads[0]: \"1\" (expected: a mapping)"),
                bad(
                        "workloads:\n- {workloadIps: [], services: {}}",
                        "workloads[0].namespace: not set (expected: text)"),
                bad(
                        "workloads:\n- {namespace: ns, workloadIps: [], services: {}}",
                        "workloads[0].name: not set (expected: text, as there is no uid either)"),
                bad(
                        "workloads:\n- {namespace: ns, name: w, services: {}}",
                        "workloads[0].workloadIps: not set (expected: a list)"),
                bad(
                        "workloads:\n- {namespace: ns, name: w, workloadIps: []}",
                        "workloads[0].services: not set (expected: a mapping, {} for an empty one)"),
                bad(
                        W + ", bad: 1}",
                        "workloads[0].bad: unknown field (expected: one of applicationTunnel, authorizationPolicies, "),
                bad(W + ", 3: 1}", "workloads[0].3: unknown field"),
                bad(
                        W + ", node: 5}",
                        "workloads[0].node: \"5\" (expected: text, in quotes when it looks like something else)"),
                bad(W + ", protocol: hbone}", "workloads[0].protocol: \"hbone\" (expected: HBONE or TCP)"),
                bad(W + ", status: Sick}", "workloads[0].status: \"Sick\" (expected: Healthy or Unhealthy)"),
                bad(W + ", workloadType: daemonset}", "workloads[0].workloadType: \"daemonset\" (expected: cronjob or"),
                bad(W + ", capacity: -1}", "workloads[0].capacity: \"-1\" (expected: a number from 0 to 1000000)"),
                bad(W + ", capacity: 1.5}", "workloads[0].capacity: \"1.5\" (expected: a number from 0 to 1000000)"),
                bad(W + ", tunnelPort: 0}", "workloads[0].tunnelPort: \"0\" (expected: a number from 1 to 65535)"),
                bad(W + ", trustDomain: A}", "workloads[0]: trustDomain: \"A\""),
                bad(W + ", serviceAccount: a/b}", "workloads[0]: serviceAccount: \"a/b\""),
                bad(W + ", locality: {planet: p}}", "workloads[0].locality.planet: unknown field"),
                bad(W + ", locality: here}", "workloads[0].locality: \"here\" (expected: a mapping)"),
                bad(
                        W + ", waypoint: {destination: nowhere}}",
                        "workloads[0].waypoint.destination: \"nowhere\" (expected: "),
                bad(W + ", waypoint: {hboneMtlsPort: 1}}", "workloads[0].waypoint.destination: not set"),
                bad(
                        W + ", networkGateway: {destination: /10.0.0.9, hboneMtlsPort: 0}}",
                        "workloads[0].networkGateway.hboneMtlsPort: \"0\""),
                bad(
                        W + ", applicationTunnel: {protocol: Socks}}",
                        "workloads[0].applicationTunnel.protocol: \"Socks\" (expected: NONE or PROXY)"),
                bad(
                        W + ", authorizationPolicies: [a]}",
                        "workloads[0].authorizationPolicies[0]: \"a\" (expected: namespace/name)"),
                bad(W + "}\n- {namespace: ns, name: w, workloadIps: [], services: {}}", "workloads[1].uid: \"ns/w\""),
                bad(
                        "workloads:\n- {namespace: ns, name: w, workloadIps: [host], services: {}}",
                        "workloads[0].workloadIps[0]: \"host\" (expected: an IP address)"),
                bad(
                        "workloads:\n- {namespace: ns, name: w, workloadIps: [1], services: {}}",
                        "workloads[0].workloadIps[0]: \"1\" (expected: an IP address)"),
                bad(
                        "workloads:\n- {namespace: ns, name: w, workloadIps: [], services: {h: {}}}",
                        "workloads[0].services.h: \"h\" (expected: namespace/hostname as the key)"),
                bad(
                        "workloads:\n- {namespace: ns, name: w, workloadIps: [], services: {n/h: {80: x}}}",
                        "workloads[0].services.n/h.80: \"x\" (expected: a port from 0 to 65535)"),
                bad(
                        "workloads:\n- {namespace: ns, name: w, workloadIps: [], services: {n/h: {0: 80}}}",
                        "workloads[0].services.n/h: \"0\" (expected: ports from 1 to 65535)"),
                bad(
                        "workloads:\n- {namespace: ns, name: w, workloadIps: [], services: {n/h: 80}}",
                        "workloads[0].services.n/h: \"80\" (expected: a mapping of ports to ports)"),
                bad(S + ", bad: 1}", "services[0].bad: unknown field"),
                bad(S + ", canonical: 1}", "services[0].canonical: \"1\" (expected: true or false)"),
                bad(S + ", subjectAltNames: [x]}", "services[0].subjectAltNames: spiffeId: \"x\""),
                bad(
                        S + ", loadBalancer: {mode: Random}}",
                        "services[0].loadBalancer.mode: \"Random\" (expected: Failover or "),
                bad(
                        S + ", loadBalancer: {routingPreferences: [Planet]}}",
                        "services[0].loadBalancer.routingPreferences: \"Planet\""),
                bad(S + ", weightedWaypoints: [1]}", "services[0].weightedWaypoints[0]: \"1\" (expected: a mapping)"),
                bad(S + ", ipFamilies: IPv5}", "services[0].ipFamilies: \"IPv5\" (expected: Dual or IPv4 or IPv6)"),
                bad(
                        S + ", cidrVips: [{network: '', cidr: 10.0.0.0/33}]}",
                        "services[0].cidrVips[0].cidr: prefix length: 33 of 10.0.0.0 (expected: 0 to 32)"),
                bad(
                        S + ", cidrVips: [{network: '', cidr: '2001:db8::/129'}]}",
                        "services[0].cidrVips[0].cidr: prefix length: 129"),
                bad(
                        S + "}\n- {name: s, namespace: ns, hostname: h, vips: [], ports: {}}",
                        "services[1].hostname: \"ns/h\""),
                bad(
                        P + ", scope: Everywhere, action: Deny, rules: []}",
                        "policies[0].scope: \"Everywhere\" (expected: Global or "),
                bad(P + ", scope: Global, rules: []}", "policies[0].action: not set"),
                bad(P + ", scope: Global, action: Deny}", "policies[0].rules: not set"),
                bad(P + ", scope: Global, action: Deny, rules: [1]}", "policies[0].rules[0]: \"1\" (expected: a list"),
                bad(
                        P + ", scope: Global, action: Deny, rules: [[[{nope: 1}]]]}",
                        "policies[0].rules[0][0][0].nope: unknown field"),
                bad(
                        P + ", scope: Global, action: Deny, rules: [[[{principals: [{Exact: a, Prefix: b}]}]]]}",
                        "policies[0].rules[0][0][0].principals[0]: 2 ways to match"),
                bad(
                        P + ", scope: Global, action: Deny, rules: [[[{sourceIps: [x]}]]]}",
                        "policies[0].rules[0][0][0].sourceIps[0]: \"x\" (expected: an IP address, "),
                bad(
                        P + ", scope: Global, action: Deny, rules: [[[{destinationPorts: [65536]}]]]}",
                        "policies[0].rules[0][0][0].destinationPorts: \"65536\""),
                bad("services:\n- {name: s, namespace: ns, hostname: h, ports: {}}", "services[0].vips: not set"),
                bad("services:\n- {name: s, namespace: ns, hostname: h, vips: []}", "services[0].ports: not set"),
                bad(
                        "services:\n- {name: s, namespace: ns, hostname: h, vips: [10.0.0.1], ports: {}}",
                        "services[0].vips[0]: \"10.0.0.1\" (expected: network/address, the network may be empty)"),
                bad(
                        "services:\n- {name: s, namespace: ns, hostname: h, vips: [/x], ports: {}}",
                        "services[0].vips[0]: \"x\" (expected: an IP address)"),
                bad(P + ", scope: Global, action: Deny, rules: [], nope: 1}", "policies[0].nope: unknown field"));
    }

    private static Arguments bad(String yaml, String message) {
        return Arguments.of(yaml, message);
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void read_wrongFile_saysWhereAndWhat(String yaml, String message) {
        assertThatThrownBy(() -> read(yaml))
                .isInstanceOf(LocalFileException.class)
                .hasMessageStartingWith(message)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n").hasSizeLessThan(700));
    }

    @Test
    void read_policy_isAnAuthorization() throws Exception {
        NamedResource resource = read("""
                policies:
                - name: p
                  namespace: ns
                  scope: WorkloadSelector
                  action: Allow
                  dryRun: true
                  rules:
                  - - - namespaces: [{Exact: a}, {Prefix: b}]
                        notPrincipals: [{Presence: []}, {Suffix: /sa/x}]
                        sourceIps: [10.0.0.0/8, "2001:db8::1"]
                        notDestinationPorts: [443]
                        serviceAccounts: [{namespace: ns, serviceAccount: sa}]
                """).policies().get(0);

        Authorization policy = Authorization.parseFrom(resource.body());
        Match match = policy.getRules(0).getClauses(0).getMatches(0);
        assertThat(resource.name()).isEqualTo("ns/p");
        assertThat(policy.getScope()).isEqualTo(Scope.WORKLOAD_SELECTOR);
        assertThat(policy.getAction()).isEqualTo(Action.ALLOW);
        assertThat(policy.getDryRun()).isTrue();
        assertThat(match.getNamespaces(1).getPrefix()).isEqualTo("b");
        assertThat(match.getNotPrincipals(0).hasPresence()).isTrue();
        assertThat(match.getSourceIps(0).getLength()).isEqualTo(8);
        assertThat(match.getSourceIps(1).getLength()).isEqualTo(128);
        assertThat(match.getNotDestinationPortsList()).containsExactly(443);
        assertThat(match.getServiceAccounts(0).getServiceAccount()).isEqualTo("sa");
    }

    @Test
    void addresses_ofTheSameText_haveTheSameVersions() {
        String yaml = W + "}";

        assertThat(read(yaml).addresses()).isEqualTo(read(yaml).addresses());
        assertThat(read(yaml).addresses().get(0).version())
                .isNotEqualTo(read(W + ", node: n}").addresses().get(0).version());
    }

    @Test
    void read_anchorInOneEntry_holdsInLaterOnes() {
        LocalFile file = read("""
                workloads:
                - {namespace: ns, name: a, workloadIps: [], services: &both {ns/h: {80: 8080}}}
                - {namespace: ns, name: b, workloadIps: [], services: *both}
                """);

        assertThat(file.workloads().get(1).services().get("ns/h").target(80)).isEqualTo(8080);
    }

    @Test
    void read_listThatSomethingRefersTo_isTaken() {
        LocalFile file = read("""
                services: &none []
                policies: *none
                workloads: !!seq
                - {namespace: ns, name: a, workloadIps: [], services: {}}
                """);

        assertThat(file.workloads()).hasSize(1);
        assertThat(file.policies()).isEmpty();
    }

    @Test
    void read_jsonWithNumbersAsKeys_isYaml() {
        LocalFile file = read("""
                {"workloads": [{"namespace": "ns", "name": "a", "workloadIps": ["10.0.0.1"], "services": {"ns/h": {80: 8080}}}],
                 "services": null}
                """);

        assertThat(file.workloads()).hasSize(1);
    }

    /** A tree of the whole document takes twenty times its length. */
    @Test
    void read_entries_areTakenOneByOne() throws Exception {
        List<String> steps = new ArrayList<>();
        String first = W.substring(W.indexOf("- ")) + "}\n";
        Reader text = new Reader() {
            private int read;

            @Override
            public int read(char[] to, int offset, int length) {
                String next = read == 0 ? "workloads:\n" : first.replace("name: w", "name: w" + read);
                steps.add("read");
                read++;
                if (read > 2_000) {
                    return -1;
                }
                next.getChars(0, next.length(), to, offset);
                return next.length();
            }

            @Override
            public void close() {
                steps.add("closed");
            }
        };

        YamlDocument.read(text, false, new YamlDocument.Items() {
            @Override
            public boolean isList(String name) {
                return true;
            }

            @Override
            public void item(String list, int index, @Nullable Object value) {
                steps.add(list + index);
            }

            @Override
            public void noList(String name, @Nullable Object value) {}

            @Override
            public void end(Map<Object, Object> others) {}

            @Override
            public void noMapping(@Nullable Object value) {}
        });

        assertThat(steps).endsWith("closed").contains("workloads1998");
        assertThat(steps.subList(0, steps.size() / 2)).contains("workloads500");
    }

    @Test
    void read_billionLaughs_isRefused() {
        StringBuilder yaml = new StringBuilder("a0: &a0 [x]\n");
        for (int i = 1; i < 60; i++) {
            yaml.append("a%d: &a%d [*a%d, *a%d]\n".formatted(i, i, i - 1, i - 1));
        }

        assertThatThrownBy(() -> read(yaml.toString()))
                .isInstanceOf(LocalFileException.class)
                .hasMessageStartingWith("not YAML");
    }

    @Test
    void read_deepNesting_isRefused() {
        assertThatThrownBy(() -> read("workloads: " + "[".repeat(100_000)))
                .isInstanceOf(LocalFileException.class)
                .hasMessageStartingWith("not YAML");
    }

    @Test
    void read_file_saysWhatIsWrong(@TempDir Path directory) throws Exception {
        Path missing = directory.resolve("missing.yaml");
        Path wrong = Files.writeString(directory.resolve("wrong.yaml"), "nope: 1");
        Path latin = Files.write(directory.resolve("latin.yaml"), "é".getBytes(StandardCharsets.ISO_8859_1));

        assertThatThrownBy(() -> LocalFile.read(missing, TRUST_DOMAIN)).hasMessage("no such file");
        assertThatThrownBy(() -> LocalFile.read(wrong, TRUST_DOMAIN)).hasMessageStartingWith("nope: unknown field");
        assertThatThrownBy(() -> LocalFile.read(latin, TRUST_DOMAIN)).hasMessage("not UTF-8");
        assertThatThrownBy(() -> LocalFile.read(directory, TRUST_DOMAIN)).hasMessageStartingWith("cannot be read: ");
    }
}
