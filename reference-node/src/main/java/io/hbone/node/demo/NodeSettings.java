package io.hbone.node.demo;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** The environment of a node in the demo: what anybody would set. */
final class NodeSettings {
    private NodeSettings() {}

    /** @param directory of the development CA that the nodes share, which is all they share */
    static Map<String, String> of(Pod pod, String mesh, Path directory) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("PROXY_MODE", "dedicated");
        settings.put("PROXY_WORKLOAD_INFO", Pod.NAMESPACE + '/' + pod.text() + '/' + pod.text());
        settings.put("XDS_ADDRESS", "");
        settings.put("LOCAL_XDS", mesh);
        settings.put("HBONE_DEV_CA_DIR", directory.resolve("ca").toString());
        settings.put("NODE_NAME", pod.text());
        settings.put("CLUSTER_ID", "demo");
        settings.put("IPV6_ENABLED", "false");
        settings.put("CONNECTION_TERMINATION_DEADLINE", "1s");
        // There is a tunnel for every thread: with one, the second connection of a row shows what a warm tunnel is
        // worth.
        settings.put("ZTUNNEL_WORKER_THREADS", "1");
        return settings;
    }
}
