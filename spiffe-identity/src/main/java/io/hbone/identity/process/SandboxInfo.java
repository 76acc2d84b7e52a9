package io.hbone.identity.process;

import com.nimbusds.jose.util.JSONObjectUtils;
import java.io.IOException;
import java.text.ParseException;
import java.util.List;
import java.util.Map;

/**
 * What a container runtime says of a sandbox beyond the interface: JSON, in which containerd and CRI-O both have {@code pid} and the
 * OCI configuration, {@code runtimeSpec}, whose network namespace names a file.
 */
final class SandboxInfo {
    private SandboxInfo() {}

    /** @throws IOException when it says neither; the message is what it said instead */
    static SandboxNetwork network(String json) throws IOException {
        Map<String, Object> info;
        try {
            info = JSONObjectUtils.parse(json);
        } catch (ParseException e) {
            throw new IOException("verbose information that is no JSON (expected: that of containerd or CRI-O)", e);
        }
        int pid = ContainerInfo.pid(json);
        String path = path(info);
        if (pid == ContainerInfo.NO_PID && path.isEmpty()) {
            throw new IOException(
                    "neither a process nor a network namespace (expected: a pid, or one of type network in"
                            + " runtimeSpec.linux.namespaces)");
        }
        return new SandboxNetwork(pid, path);
    }

    private static String path(Map<String, Object> info) {
        if (info.get("runtimeSpec") instanceof Map<?, ?> spec
                && spec.get("linux") instanceof Map<?, ?> linux
                && linux.get("namespaces") instanceof List<?> namespaces) {
            for (Object each : namespaces) {
                if (each instanceof Map<?, ?> namespace
                        && "network".equals(namespace.get("type"))
                        && namespace.get("path") instanceof String path
                        && path.startsWith("/")
                        && path.indexOf('\0') < 0) {
                    return path;
                }
            }
        }
        return "";
    }
}
