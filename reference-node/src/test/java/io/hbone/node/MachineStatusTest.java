package io.hbone.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Map;
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
        return Map.of(
                "identity",
                "spiffe://td/ns/shop/sa/a",
                "serving",
                serving,
                "notAfter",
                end,
                "lastError",
                "SPIRE is away");
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
}
