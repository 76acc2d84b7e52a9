package io.hbone.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WorkloadMetadataTest {
    private static final SpiffeId CART = SpiffeId.parse("spiffe://example.org/ns/shop/sa/cart");

    @Test
    void toBaggage_metadata_putsEveryTextInItsPlace() {
        WorkloadMetadata metadata = new WorkloadMetadata(
                "cart-7d9f-x", "shop", CART, "cart", "deployment", "cart-svc", "v2", "c1", "eu-west-1", "eu-west-1a");
        Baggage baggage = metadata.toBaggage();
        assertThat(baggage)
                .isEqualTo(
                        new Baggage("c1", "shop", "deployment", "cart", "cart-svc", "v2", "eu-west-1", "eu-west-1a"));
        WorkloadMetadata read = WorkloadMetadata.of(baggage, CART);
        assertThat(read.toBaggage()).isEqualTo(baggage);
        assertThat(read.identity()).isEqualTo(CART);
    }

    @Test
    void toBaggage_workloadWithoutOwner_isNamedByItself() {
        WorkloadMetadata metadata = new WorkloadMetadata("lone", "shop", null, "", "pod", "", "", "", "", "");
        assertThat(metadata.toBaggage().header()).isEqualTo("k8s.namespace.name=shop,k8s.pod.name=lone");
    }

    @Test
    void toBaggage_unknown_saysNothing() {
        assertThat(WorkloadMetadata.UNKNOWN.toBaggage()).isEqualTo(Baggage.EMPTY);
        assertThat(WorkloadMetadata.of(Baggage.EMPTY, null)).isEqualTo(WorkloadMetadata.UNKNOWN);
    }
}
