package io.hbone.node.demo;

import java.util.Map;

/** Writes the mesh down as nodes read it: ztunnel's local file. */
final class MeshFile {
    private MeshFile() {}

    /**
     * The file of one node.
     *
     * @param addresses where the pods are
     * @param tunnelPorts where the enrolled ones serve HBONE, if not where everybody does
     * @param fault what this node is to have wrong about {@link Pod#SHOP}
     */
    static String of(Map<Pod, String> addresses, Map<Pod, Integer> tunnelPorts, Fault fault) {
        StringBuilder out = new StringBuilder("workloads:\n");
        addresses.forEach((pod, address) -> {
            boolean enrolled = pod.enrolled() && !(fault == Fault.UNENROLLED && pod == Pod.SHOP);
            boolean impostor = fault == Fault.IMPOSTOR && pod == Pod.SHOP;
            out.append("- uid: demo//Pod/").append(Pod.NAMESPACE).append('/').append(pod.text());
            field(out, "name", pod.text());
            field(out, "namespace", Pod.NAMESPACE);
            field(out, "serviceAccount", impostor ? "somebody-else" : pod.text());
            field(out, "trustDomain", Pod.TRUST_DOMAIN.toString());
            field(out, "workloadIps", "[\"" + address + "\"]");
            field(out, "protocol", enrolled ? "HBONE" : "TCP");
            Integer tunnelPort = tunnelPorts.get(pod);
            if (tunnelPort != null) {
                field(out, "tunnelPort", tunnelPort.toString());
            }
            field(out, "node", pod.text());
            field(out, "network", "\"\"");
            field(out, "services", "{}");
            out.append('\n');
        });
        return out.toString();
    }

    private static void field(StringBuilder out, String name, String value) {
        out.append("\n  ").append(name).append(": ").append(value);
    }
}
