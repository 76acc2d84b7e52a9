package io.hbone.node.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.core.WorkloadMetadata;
import io.hbone.node.config.ConfigException;
import io.hbone.node.config.LocalXds;
import io.hbone.node.config.WorkloadInfo;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LocalFileReaderTest {

    private static final TrustDomain TRUST_DOMAIN = TrustDomain.of("cluster.local");

    static LocalMesh read(String yaml) {
        return new LocalFileReader(TRUST_DOMAIN, 15008).read(yaml);
    }

    @Test
    void read_theFileOfTheBenchmark_isTaken() {
        LocalMesh mesh = read("""
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

        LocalWorkload workload = mesh.find(new WorkloadInfo("default", "client", "client"));
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
        LocalMesh mesh = read("""
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

        LocalWorkload workload = mesh.workloads().get(0);
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
        assertThat(workload.unproven().identity()).isNull();
        assertThat(workload.enrolled()).isFalse();
        assertThat(workload.healthy()).isFalse();
        assertThat(workload.hostNetwork()).isTrue();
        assertThat(workload.capacity()).isEqualTo(7);
        assertThat(workload.tunnelPort()).isEqualTo(25008);
        assertThat(workload.services()).isEqualTo(Map.of("ns/svc.example", Map.of(80, 8080, 443, 0)));
        LocalService service = mesh.services().get(0);
        assertThat(service.key()).isEqualTo("ns/svc.example");
        assertThat(service.canonical()).isTrue();
        assertThat(service.namespaceOnly()).isTrue();
        assertThat(service.vips()).extracting(LocalService.Vip::network).containsExactly("net1", "");
        assertThat(service.targetPort(workload, 80)).isEqualTo(8080);
        assertThat(service.targetPort(workload, 443)).isEqualTo(8443);
        assertThat(service.targetPort(workload, 1)).isZero();
    }

    @Test
    void read_leastFields_takeDefaults() {
        LocalMesh mesh = read("""
                workloads:
                - {namespace: ns, name: w, workloadIps: [], services: {}}
                """);

        LocalWorkload workload = mesh.workloads().get(0);
        assertThat(workload.uid()).isEqualTo("ns/w");
        assertThat(workload.identity()).hasToString("spiffe://cluster.local/ns/ns/sa/default");
        assertThat(workload.enrolled()).isFalse();
        assertThat(mesh.services()).isEmpty();
    }

    private static final String W = "workloads:\n- {namespace: ns, name: w, workloadIps: [10.0.0.1], services: {}";
    private static final String S = "services:\n- {namespace: ns, name: s, hostname: h, vips: [], ports: {}";

    static Stream<Arguments> wrong() {
        return Stream.of(
                bad("", "the document: \"null\" (expected: a mapping)"),
                bad("- 1", "the document: \"a list\" (expected: a mapping)"),
                bad("a: [", "not YAML: "),
                bad("a: 1\na: 2", "not YAML: "),
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
                        W + ", waypoint: {destination: /10.0.0.9, hboneMtlsPort: 15008}}",
                        "workloads[0].waypoint: set (expected: absent, as waypoints are yet to come)"),
                bad(
                        W + ", networkGateway: {}, applicationTunnel: {protocol: PROXY}}",
                        "workloads[0].applicationTunnel: set"),
                bad(W + ", authorizationPolicies: [a/b]}", "workloads[0].authorizationPolicies: set"),
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
                bad(S + ", loadBalancer: {mode: Strict}}", "services[0].loadBalancer: set"),
                bad(S + ", weightedWaypoints: [1]}", "services[0].weightedWaypoints: set"),
                bad("services:\n- {name: s, namespace: ns, hostname: h, ports: {}}", "services[0].vips: not set"),
                bad("services:\n- {name: s, namespace: ns, hostname: h, vips: []}", "services[0].ports: not set"),
                bad(
                        "services:\n- {name: s, namespace: ns, hostname: h, vips: [10.0.0.1], ports: {}}",
                        "services[0].vips[0]: \"10.0.0.1\" (expected: network/address, the network may be empty)"),
                bad(
                        "services:\n- {name: s, namespace: ns, hostname: h, vips: [/x], ports: {}}",
                        "services[0].vips[0]: \"x\" (expected: an IP address)"),
                bad("policies:\n- {name: p, nope: 1}", "policies[0].nope: unknown field"));
    }

    private static Arguments bad(String yaml, String message) {
        return Arguments.of(yaml, message);
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void read_wrongFile_saysWhereAndWhat(String yaml, String message) {
        assertThatThrownBy(() -> read(yaml))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(message)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n").hasSizeLessThan(700));
    }

    @Test
    void read_aPolicy_failsClosed() {
        assertThatThrownBy(
                        () -> read(
                                "policies:\n- {name: deny, namespace: ns, scope: Global, action: Deny, rules: [], dryRun: false}"))
                .isInstanceOf(ConfigException.class)
                .hasMessage(
                        "policies[0]: ns/deny (expected: no policies, as authorization policies are yet to come and must"
                                + " not be ignored)");
    }

    @Test
    void read_billionLaughs_isRefused() {
        StringBuilder yaml = new StringBuilder("a0: &a0 [x]\n");
        for (int i = 1; i < 60; i++) {
            yaml.append("a%d: &a%d [*a%d, *a%d]\n".formatted(i, i, i - 1, i - 1));
        }

        assertThatThrownBy(() -> read(yaml.toString()))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("not YAML");
    }

    @Test
    void read_deepNesting_isRefused() {
        assertThatThrownBy(() -> read("workloads: " + "[".repeat(100_000)))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("not YAML");
    }

    @Test
    void load_file_saysWhichFileIsWrong(@TempDir Path directory) throws Exception {
        Path missing = directory.resolve("missing.yaml");
        Path wrong = Files.writeString(directory.resolve("wrong.yaml"), "nope: 1");
        Path latin = Files.write(directory.resolve("latin.yaml"), "é".getBytes(StandardCharsets.ISO_8859_1));

        assertThatThrownBy(() -> LocalMesh.load(new LocalXds.File(missing), TRUST_DOMAIN, 15008))
                .hasMessage("LOCAL_XDS_PATH " + missing + ": no such file");
        assertThatThrownBy(() -> LocalMesh.load(new LocalXds.File(wrong), TRUST_DOMAIN, 15008))
                .hasMessageStartingWith("LOCAL_XDS_PATH " + wrong + ": nope: unknown field");
        assertThatThrownBy(() -> LocalMesh.load(new LocalXds.File(latin), TRUST_DOMAIN, 15008))
                .hasMessage("LOCAL_XDS_PATH " + latin + ": not UTF-8");
        assertThatThrownBy(() -> LocalMesh.load(new LocalXds.File(directory), TRUST_DOMAIN, 15008))
                .hasMessageStartingWith("LOCAL_XDS_PATH " + directory + ": cannot be read: ");
        assertThatThrownBy(() -> LocalMesh.load(new LocalXds.Inline("nope: 1"), TRUST_DOMAIN, 15008))
                .hasMessageStartingWith("LOCAL_XDS: nope: unknown field");
    }
}
