package io.hbone.node.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MachineStatusTest {
    private static final Map<String, Object> SOUND = Map.of(
            "source", Map.of("cluster", "https://api/"),
            "node", Map.of("connected", 1, "socket", "/zds"),
            "xds", Map.of("listen", List.of("unix:///xds"), "clients", List.of(Map.of("id", "n"))),
            "workloads", List.of(workload("a", "enrolled", "old trouble"), workload("b", "not-enrolled", "")));

    private static Map<String, Object> workload(String name, String state, String error) {
        return Map.of("namespace", "shop", "name", name, "state", state, "lastError", error);
    }

    private static Map<String, Object> certificate(boolean serving, String end) {
        return certificate(serving, end, serving ? null : "SPIRE is away");
    }

    private static Map<String, Object> certificate(boolean serving, String end, @Nullable String error) {
        Map<String, Object> certificate = new HashMap<>(
                Map.of("identity", "spiffe://td/ns/shop/sa/a", "source", "spire", "serving", serving, "notAfter", end));
        if (error != null) {
            certificate.put("lastError", error);
        }
        return certificate;
    }

    @Test
    void allSound_isGood_andSaysWhenTheFirstCertificateExpires() {
        MachineStatus status = MachineStatus.of(
                SOUND,
                List.of(certificate(true, "2026-01-02T00:00:00Z"), certificate(true, "2026-01-01T00:00:00Z")),
                List.of());
        assertThat(status.isGood()).isTrue();
        assertThat(status.soonestExpiry()).isEqualTo(Instant.parse("2026-01-01T00:00:00Z"));
        assertThat(status.text())
                .startsWith("good\n")
                .contains("certificates: 2 valid, 0 missing; the first expires at 2026-01-01T00:00:00Z");
    }

    @Test
    void everythingWrong_isNamed() {
        Map<String, Object> agent = Map.of(
                "source", Map.of("error", "the API server is away"),
                "node", Map.of("connected", 0, "socket", "/zds"),
                "xds", Map.of("listen", List.of("unix:///xds"), "clients", List.of()),
                "workloads",
                        List.of(workload("a", "failed", "no \u001biptables"), workload("b", "waiting-for-node", "")));
        MachineStatus status =
                MachineStatus.of(agent, List.of(certificate(false, "2026-01-01T00:00:00Z")), List.of("node: away"));
        assertThat(status.isGood()).isFalse();
        assertThat(status.problems())
                .containsExactly(
                        "node: away",
                        "agent: the API server is away",
                        "no node is connected to the agent by ZDS (expected: one, at /zds)",
                        "no node is connected to the agent by xDS (expected: one, at [unix:///xds])",
                        "shop/a is failed: no \u001biptables",
                        "shop/b is waiting-for-node: no node serves it",
                        "certificate of spiffe://td/ns/shop/sa/a: SPIRE is away");
        assertThat(status.text()).doesNotContain("\u001b");
        assertThat(status.json()).startsWith("{\"good\":false,\"problems\":[\"node: away\"");
    }

    @Test
    void nobodyThere_isNotGood() {
        MachineStatus status = MachineStatus.ask("127.0.0.1:1", "127.0.0.1:1");
        assertThat(status.problems()).hasSize(2);
        assertThat(status.isGood()).isFalse();
    }

    @Test
    void nodeThatRejected_isNamed() {
        Map<String, Object> agent = Map.of(
                "xds", Map.of("listen", List.of(), "clients", List.of(Map.of("id", "n", "lastError", "bad address"))));
        assertThat(MachineStatus.of(agent, List.of(), List.of()).problems())
                .containsExactly("node n rejected what it was told: bad address");
    }

    /** GAP: an outage of SPIRE was not seen before the first certificate had expired. */
    @Test
    void sourceThatDoesNotAnswer_isNamed_whileCertificatesAreStillValid() {
        MachineStatus status = MachineStatus.of(
                SOUND,
                List.of(
                        certificate(true, "2026-01-02T00:00:00Z"),
                        certificate(true, "2026-01-01T00:00:00Z", "no connection"),
                        certificate(true, "2026-01-01T00:00:00Z", "no connection")),
                List.of());
        assertThat(status.problems())
                .containsExactly("2 certificates are valid, and cannot be renewed by spire: no connection");
        assertThat(status.text()).contains("source of certificates: spire: TROUBLE: no connection\n");
        assertThat(status.json()).contains("\"sources\":{\"spire\":\"no connection\"}");
    }

    @Test
    void connectionsNamespacesAndVersions_areSaid() {
        Map<String, Object> node = Map.of("id", "n", "version", "1.2");
        Map<String, Object> agent = Map.of(
                "version", "1.1",
                "node", Map.of("connected", 1, "socket", "/zds"),
                "xds", Map.of("listen", List.of("unix:///xds"), "clients", List.of(node)),
                "workloads",
                        List.of(
                                Map.of("namespace", "a", "name", "x", "state", "enrolled", "wanted", true),
                                Map.of("namespace", "a", "name", "y", "state", "enrolling", "wanted", true),
                                Map.of("namespace", "b", "name", "z", "state", "not-enrolled", "wanted", false)));
        MachineStatus status = MachineStatus.of(agent, List.of(certificate(true, "2026-01-01T00:00:00Z")), List.of());

        assertThat(status.isGood()).isTrue();
        assertThat(status.text())
                .contains(", of 1 namespaces in the mesh\n")
                .contains("connections: {zds=1, xds=1}\n")
                .contains("source of certificates: spire answers\n")
                .contains("versions DIFFER: {agent=[1.1], node=[1.2]}\n");
        assertThat(status.json()).contains("\"versions\":{\"agent\":[\"1.1\"],\"node\":[\"1.2\"]},\"skewed\":true");
        assertThat(status.summary())
                .isEqualTo("connections {zds=1, xds=1}; certificates from spire: 1 valid, 0 missing;"
                        + " the first expires at 2026-01-01T00:00:00Z; versions DIFFER: {agent=[1.1], node=[1.2]}");
    }

    @Test
    void summaryOfManyProblems_isShort() {
        MachineStatus status = MachineStatus.of(Map.of(), List.of(), List.of("a", "b", "c", "d", "e"));
        assertThat(status.summary()).isEqualTo("a; b; c; and 2 more; versions: {}");
    }
}
