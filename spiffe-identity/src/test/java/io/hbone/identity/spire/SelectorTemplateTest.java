package io.hbone.identity.spire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.core.SpiffeId;
import io.hbone.core.WorkloadIdentity;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SelectorTemplateTest {
    private static final WorkloadIdentity WORKLOAD =
            new WorkloadIdentity("u-1", SpiffeId.parseStrict("spiffe://example.org/ns/shop/sa/cart"));

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "k8s:ns:{ns},k8s:sa:{sa} | k8s:ns:shop k8s:sa:cart",
                "k8s:pod-uid:{uid}       | k8s:pod-uid:u-1",
                "hbone:node, mesh:{td}{path} | hbone:node mesh:example.org/ns/shop/sa/cart",
            })
    void places_areFilled(String template, String selectors) {
        assertThat(SelectorTemplate.parse(template).selectors(WORKLOAD))
                .extracting(Selector::toString)
                .containsExactly(selectors.split(" "));
        assertThat(SelectorTemplate.parse(template)).hasToString(template.replace(", ", ","));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "k8s", "k8s:", ":ns", "k8s:ns:{namespace}", "k8s:ns:{ns},", "k8s:{"})
    void templatesThatMakeNoSense_areRefusedOrTakenLiterally(String template) {
        if (template.equals("k8s:{")) {
            assertThat(SelectorTemplate.parse(template).selectors(WORKLOAD)).containsExactly(new Selector("k8s", "{"));
        } else {
            assertThatThrownBy(() -> SelectorTemplate.parse(template))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("expected:");
        }
    }

    @Test
    void idWithoutANamespace_isRefusedWhenTheTemplateNeedsOne() {
        WorkloadIdentity odd = new WorkloadIdentity("u", SpiffeId.parseStrict("spiffe://example.org/gateway"));
        assertThatThrownBy(() -> SelectorTemplate.KUBERNETES.selectors(odd))
                .hasMessageContaining("/ns/<namespace>/sa/");
        assertThat(SelectorTemplate.parse("a:{path}").selectors(odd)).containsExactly(new Selector("a", "/gateway"));
    }
}
