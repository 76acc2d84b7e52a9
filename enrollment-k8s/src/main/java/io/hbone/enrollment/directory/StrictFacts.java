package io.hbone.enrollment.directory;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.hbone.xds.policy.StrictMtls.Mode;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of an object that says whether plaintext may come in: our StrictMtls, or Istio's PeerAuthentication.
 *
 * @param name of the object
 * @param selector labels of the workloads that it is for; null for all of its namespace, or of the mesh
 * @param mode null when it leaves that to what is above it
 * @param ports the application's ports that have a mode of their own
 * @param created by which the oldest is found, where several are for the same
 * @param problem what of it cannot be read, and what is done instead; empty when all can
 */
record StrictFacts(
        String namespace,
        String name,
        @Nullable Map<String, String> selector,
        @Nullable Mode mode,
        Map<Integer, Mode> ports,
        String created,
        String problem) {

    /** Of {@code hbone.io/v1alpha1 StrictMtls}. */
    static StrictFacts ofStrictMtls(GenericKubernetesResource object) {
        Fields spec = Fields.of(object).in("spec");
        String said = spec.text("mode");
        Mode mode = said.equals("PERMISSIVE") ? Mode.PERMISSIVE : Mode.STRICT;
        Mode other = mode == Mode.STRICT ? Mode.PERMISSIVE : Mode.STRICT;
        String problem = said.isEmpty() || said.equals(mode.name())
                ? ""
                : "mode: '" + said + "' (expected: STRICT or PERMISSIVE): taken for STRICT";
        Map<Integer, Mode> ports = new HashMap<>();
        for (String port : spec.texts("exceptPorts")) {
            if (Ports.isPort(port) && !port.equals("0")) {
                ports.put(Integer.valueOf(port), other);
            } else {
                problem = "exceptPorts: '" + port + "' (expected: 1 to 65535): no exception";
            }
        }
        Map<String, String> selector = Objects.requireNonNullElse(spec.selector(), Map.of());
        for (Map.Entry<String, String> label : selector.entrySet()) {
            if (!Labels.isPossible(label.getKey(), label.getValue())) {
                problem = "selector: '" + label + "' (expected: a label that a pod can have): no workload";
            }
        }
        return of(object, selector, mode, ports, problem);
    }

    /** Of {@code security.istio.io PeerAuthentication}. Only with a selector it may say something of ports (spec/ztunnel.md 5.3). */
    static StrictFacts ofPeerAuthentication(GenericKubernetesResource object) {
        Fields spec = Fields.of(object).in("spec");
        Map<Integer, Mode> ports = new HashMap<>();
        String problem = "";
        for (Map.Entry<String, Fields> port : spec.in("portLevelMtls").each().entrySet()) {
            Mode mode = mode(port.getValue().text("mode"));
            if (!Ports.isPort(port.getKey()) || port.getKey().equals("0") || !spec.has("selector")) {
                problem = "portLevelMtls: '" + port.getKey()
                        + "' (expected: 1 to 65535, beside a selector): as all other ports";
            } else if (mode != null) {
                ports.put(Integer.valueOf(port.getKey()), mode);
            }
        }
        return of(object, spec.selector(), mode(spec.in("mtls").text("mode")), ports, problem);
    }

    private static StrictFacts of(
            GenericKubernetesResource object,
            @Nullable Map<String, String> selector,
            @Nullable Mode mode,
            Map<Integer, Mode> ports,
            String problem) {
        return new StrictFacts(
                object.getMetadata().getNamespace(),
                object.getMetadata().getName(),
                selector == null || selector.isEmpty() ? null : selector,
                mode,
                Map.copyOf(ports),
                Objects.requireNonNullElse(object.getMetadata().getCreationTimestamp(), ""),
                problem);
    }

    private static @Nullable Mode mode(String istio) {
        return switch (istio) {
            case "STRICT" -> Mode.STRICT;
            case "PERMISSIVE", "DISABLE" -> Mode.PERMISSIVE;
            default -> null;
        };
    }
}
