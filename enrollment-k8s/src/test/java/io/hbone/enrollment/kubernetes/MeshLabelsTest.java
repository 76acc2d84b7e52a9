package io.hbone.enrollment.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MeshLabelsTest {
    @ParameterizedTest
    @CsvSource({"true,true", "True,false", "TRUE,false", "1,false", "yes,false", "false,false", "'',false", ",false"})
    void namespace_isEnrolledByExactlyTrueAlone(String value, boolean expected) {
        assertThat(MeshLabels.isEnrolled(labels(value))).isEqualTo(expected);
    }

    /** Cilium knows namespaces only (spec/cilium.md 10.1, 2). */
    @ParameterizedTest
    @CsvSource({
        "true,,true",
        "true,true,true",
        "true,false,false",
        "true,False,true",
        "true,no,true",
        ",,false",
        ",true,true",
        ",True,false",
        ",false,false",
        "false,true,true",
        "false,,false"
    })
    void pod_followsItsNamespaceUnlessItsOwnLabelSaysOtherwise(String namespace, String pod, boolean expected) {
        assertThat(MeshLabels.isEnrolled(labels(namespace), labels(pod))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"mtls-enabled", "istio.io/dataplane-mode", "io.cilium/mtls-enabled2"})
    void otherLabels_meanNothing(String key) {
        assertThat(MeshLabels.isEnrolled(Map.of(key, "true"), null)).isFalse();
        assertThat(MeshLabels.isEnrolled(null, null)).isFalse();
    }

    private static Map<String, String> labels(String value) {
        return value == null ? Map.of() : Map.of("io.cilium/mtls-enabled", value, "app", "shop");
    }
}
