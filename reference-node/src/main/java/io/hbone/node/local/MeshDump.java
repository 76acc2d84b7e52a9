package io.hbone.node.local;

import io.hbone.node.local.LocalService.Vip;
import io.hbone.node.text.Ip;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The snapshot in the words of {@code config_dump} (spec/ztunnel.md 11), which {@code istioctl ztunnel-config} reads. */
final class MeshDump {
    private MeshDump() {}

    static List<Object> workloads(List<LocalWorkload> workloads) {
        List<Object> out = new ArrayList<>(workloads.size());
        for (LocalWorkload workload : workloads) {
            out.add(workload(workload));
        }
        return out;
    }

    static List<Object> services(List<LocalService> services, List<LocalWorkload> workloads) {
        List<Object> out = new ArrayList<>(services.size());
        for (LocalService service : services) {
            out.add(service(service, workloads));
        }
        return out;
    }

    private static Map<String, Object> workload(LocalWorkload workload) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("workloadIps", ips(workload.addresses()));
        out.put("protocol", workload.enrolled() ? "HBONE" : "TCP");
        out.put("networkMode", workload.hostNetwork() ? "HostNetwork" : "Standard");
        out.put("uid", workload.uid());
        out.put("name", workload.name());
        out.put("namespace", workload.namespace());
        out.put("trustDomain", workload.identity().trustDomain().name());
        out.put("serviceAccount", workload.serviceAccount());
        putUnlessEmpty(out, "network", workload.network());
        putUnlessEmpty(out, "workloadName", workload.metadata().workloadName());
        putUnlessEmpty(out, "workloadType", workload.metadata().workloadType());
        putUnlessEmpty(out, "canonicalName", workload.metadata().canonicalName());
        putUnlessEmpty(out, "canonicalRevision", workload.metadata().canonicalRevision());
        putUnlessEmpty(out, "node", workload.node());
        out.put("status", status(workload));
        out.put("clusterId", workload.metadata().clusterId());
        if (!workload.metadata().region().isEmpty()
                || !workload.metadata().zone().isEmpty()) {
            Map<String, Object> locality = new LinkedHashMap<>();
            putUnlessEmpty(locality, "region", workload.metadata().region());
            putUnlessEmpty(locality, "zone", workload.metadata().zone());
            out.put("locality", locality);
        }
        if (!workload.services().isEmpty()) {
            out.put("services", workload.services().keySet());
        }
        out.put("capacity", workload.capacity());
        return out;
    }

    private static Map<String, Object> service(LocalService service, List<LocalWorkload> workloads) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("name", service.ref().name());
        out.put("namespace", service.ref().namespace());
        out.put("hostname", service.ref().hostname());
        List<String> vips = new ArrayList<>();
        for (Vip vip : service.vips()) {
            vips.add(vip.network() + '/' + Ip.format(vip.address()));
        }
        out.put("vips", vips);
        out.put("ports", service.ports());
        Map<String, Object> endpoints = new TreeMap<>();
        for (LocalWorkload workload : workloads) {
            Map<Integer, Integer> ports = workload.services().get(service.key());
            if (ports != null) {
                Map<String, Object> endpoint = new LinkedHashMap<>();
                endpoint.put("workloadUid", workload.uid());
                endpoint.put("port", ports);
                endpoint.put("status", status(workload));
                endpoints.put(workload.uid(), endpoint);
            }
        }
        out.put("endpoints", endpoints);
        out.put("subjectAltNames", service.subjectAltNames());
        out.put("canonical", service.canonical());
        out.put("visibility", service.namespaceOnly() ? "Namespace" : "Public");
        return out;
    }

    private static String status(LocalWorkload workload) {
        return workload.healthy() ? "Healthy" : "Unhealthy";
    }

    private static List<String> ips(List<InetAddress> addresses) {
        List<String> out = new ArrayList<>(addresses.size());
        for (InetAddress address : addresses) {
            out.add(Ip.format(address));
        }
        return out;
    }

    private static void putUnlessEmpty(Map<String, Object> out, String name, String value) {
        if (!value.isEmpty()) {
            out.put(name, value);
        }
    }
}
