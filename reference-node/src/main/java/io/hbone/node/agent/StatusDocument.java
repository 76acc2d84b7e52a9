package io.hbone.node.agent;

import io.hbone.enrollment.AgentStatus;
import io.hbone.enrollment.EnrollmentStatus;
import io.hbone.node.telemetry.Version;
import io.hbone.xds.model.Workload;
import io.hbone.xds.server.ClientStatus;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How the agent stands, as {@code hbone agent status --json} prints it.
 *
 * @param machine the machine's name
 * @param kind of what says what its workloads are: {@code file} or {@code cluster}
 * @param origin which one
 * @param rules whose rules are written, and with what
 * @param zds where nodes find the agent
 * @param xds where nodes learn the mesh; empty for elsewhere
 */
record StatusDocument(String machine, String kind, String origin, String rules, String zds, List<String> xds) {

    Map<String, Object> of(AgentStatus status, List<ClientStatus> clients) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("machine", machine);
        out.put("version", Version.current());
        out.put("ready", status.seeded());
        out.put("source", source(status));
        out.put("node", node(status));
        out.put("xds", xds(clients));
        out.put("peers", peers(status));
        out.put("rules", rules);
        out.put(
                "workloads",
                status.workloads().stream().map(StatusDocument::workload).toList());
        return out;
    }

    private Map<String, Object> source(AgentStatus status) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put(kind, origin);
        out.put("error", status.sourceError());
        return out;
    }

    private Map<String, Object> node(AgentStatus status) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("socket", zds);
        out.put("connected", status.nodes());
        out.put("since", status.nodesSince());
        return out;
    }

    private static Map<String, Object> peers(AgentStatus status) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("awaited", status.awaitedPeers());
        out.put("unreached", status.unreachedPeers());
        return out;
    }

    private Map<String, Object> xds(List<ClientStatus> clients) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("listen", xds);
        out.put("clients", clients.stream().map(StatusDocument::client).toList());
        return out;
    }

    private static Map<String, Object> client(ClientStatus client) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("id", client.node().id());
        out.put("address", client.address());
        out.put("version", client.node().version());
        out.put(
                "unanswered",
                client.types().values().stream()
                        .mapToInt(ClientStatus.OfType::unanswered)
                        .sum());
        out.put(
                "nacked",
                client.types().values().stream()
                        .mapToLong(ClientStatus.OfType::nacked)
                        .sum());
        out.put(
                "lastError",
                client.types().values().stream()
                        .map(ClientStatus.OfType::lastError)
                        .filter(error -> !error.isEmpty())
                        .findFirst()
                        .orElse(null));
        return out;
    }

    private static Map<String, Object> workload(EnrollmentStatus status) {
        Workload workload = status.workload().workload();
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("uid", workload.uid());
        out.put("name", workload.name());
        out.put("namespace", workload.namespace());
        out.put("serviceAccount", workload.serviceAccount());
        out.put("identity", workload.identity());
        out.put(
                "addresses",
                workload.addresses().stream().map(InetAddress::getHostAddress).toList());
        out.put("network", status.workload().network());
        out.put("wanted", status.workload().wantsEnrollment());
        out.put("state", status.state());
        out.put("since", status.since());
        out.put("doing", status.doing());
        out.put("attempts", status.attempts());
        out.put("lastError", status.lastError());
        out.put("lastErrorAt", status.lastErrorAt());
        return out;
    }
}
