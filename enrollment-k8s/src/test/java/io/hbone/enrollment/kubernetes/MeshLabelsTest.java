package io.hbone.enrollment.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
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

    /** As Istio's own agent takes its label. */
    @ParameterizedTest
    @CsvSource({
        "ambient,,true",
        "ambient,ambient,true",
        "ambient,none,false",
        "ambient,None,true",
        "ambient,sidecar,true",
        ",,false",
        ",ambient,true",
        ",Ambient,false",
        ",true,false",
        "none,ambient,true",
        "none,,false",
        "true,,false"
    })
    void istiosLabel_countsAsCiliumsDoes(String namespace, String pod, boolean expected) {
        assertThat(MeshLabels.isEnrolled(both(null, namespace), both(null, pod)))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        // the namespace's, Cilium's first; the pod's; enrolled
        "true,ambient,,,true",
        "true,none,,,false",
        "false,ambient,,,false",
        "no,ambient,,,true",
        "true,other,,,true",
        "true,,,none,false",
        ",ambient,false,,false",
        "false,,,ambient,true",
        ",none,true,,true",
        "true,none,true,,true",
        "true,ambient,true,none,false",
        "true,ambient,false,ambient,false",
        ",,true,none,false",
        ",,no,ambient,true"
    })
    void ofTwoLabels_thePodsWinOverTheNamespaces_andOutWinsOverIn(
            String cilium, String istio, String ownCilium, String ownIstio, boolean expected) {
        assertThat(MeshLabels.isEnrolled(both(cilium, istio), both(ownCilium, ownIstio)))
                .isEqualTo(expected);
    }

    @Test
    void podsThatAreInByThemselves_areFoundByOneLabelOrTheOther() {
        assertThat(MeshLabels.optIns())
                .containsExactly(
                        Map.entry("io.cilium/mtls-enabled", "true"), Map.entry("istio.io/dataplane-mode", "ambient"));
    }

    @ParameterizedTest
    @CsvSource({"mtls-enabled", "istio.io/dataplane-mode", "io.cilium/mtls-enabled2"})
    void otherLabels_meanNothing(String key) {
        assertThat(MeshLabels.isEnrolled(Map.of(key, "true"), null)).isFalse();
        assertThat(MeshLabels.isEnrolled(null, null)).isFalse();
    }

    private static Map<String, String> both(String cilium, String istio) {
        Map<String, String> labels = new HashMap<>(Map.of("app", "shop"));
        labels.put("io.cilium/mtls-enabled", cilium);
        labels.put("istio.io/dataplane-mode", istio);
        labels.values().removeIf(Objects::isNull);
        return labels;
    }

    private static Map<String, String> labels(String value) {
        return value == null ? Map.of() : Map.of("io.cilium/mtls-enabled", value, "app", "shop");
    }
}
