package io.hbone.xds.policy;

import static io.hbone.xds.policy.Policies.SERVER;
import static io.hbone.xds.policy.Policies.plaintextTo;
import static io.hbone.xds.policy.Policies.sleepTo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.hbone.core.Decision;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class StrictMtlsTest {
    private final PolicyStore store = new PolicyStore();
    private final PolicyEngine engine = Policies.engine(store, SERVER);

    private boolean refused(int port) {
        return engine.authorize(plaintextTo(port)) instanceof Decision.Deny;
    }

    @Test
    void ofNamespace_refusesPlaintextAndCountsIt_exceptOnItsPorts() {
        store.strict(List.of(StrictMtls.ofNamespace("server", 9090)));
        assertThat(engine.authorize(plaintextTo(80)))
                .isEqualTo(new Decision.Deny("strict-mtls:server", "plaintext refused: strict mTLS holds for port 80"));
        assertThat(refused(9090)).isFalse();
        assertThat(engine.authorize(sleepTo(80))).isInstanceOf(Decision.Allow.class);
        assertThat(engine.plaintextRefused()).isEqualTo(1);
    }

    @Test
    void ofAnotherNamespaceOrWorkload_doesNotHold() {
        store.strict(List.of(StrictMtls.ofNamespace("other"), StrictMtls.ofWorkload("server", "somebody")));
        assertThat(refused(80)).isFalse();
    }

    @Test
    void ofWorkload_countsMoreThanOfItsNamespace_andThatMoreThanOfTheMesh() {
        StrictMtls mesh = StrictMtls.ofNamespace("");
        StrictMtls namespace = new StrictMtls("server", "", StrictMtls.Mode.PERMISSIVE, Set.of());
        StrictMtls workload = StrictMtls.ofWorkload("server", "httpbin");
        store.strict(List.of(mesh));
        assertThat(refused(80)).isTrue();
        store.strict(List.of(mesh, namespace));
        assertThat(refused(80)).isFalse();
        store.strict(List.of(mesh, namespace, workload));
        assertThat(refused(80)).isTrue();
    }

    @Test
    void permissiveWithPorts_isStrictOnThem() {
        store.strict(List.of(new StrictMtls("server", "", StrictMtls.Mode.PERMISSIVE, Set.of(443))));
        assertThat(refused(80)).isFalse();
        assertThat(refused(443)).isTrue();
    }

    @Test
    void whoOnlyAsks_isNotCounted() {
        store.strict(List.of(StrictMtls.ofNamespace("server")));
        assertThat(engine.explain(plaintextTo(80))).isInstanceOf(Decision.Deny.class);
        assertThat(engine.plaintextRefused()).isZero();
    }

    @Test
    void workloadWithoutNamespace_andBadPorts_areRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> StrictMtls.ofWorkload("", "w"));
        assertThatIllegalArgumentException().isThrownBy(() -> StrictMtls.ofNamespace("ns", 0));
    }
}
