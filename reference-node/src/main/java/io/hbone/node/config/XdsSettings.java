package io.hbone.node.config;

import io.hbone.xds.ads.NodeInfo;
import io.hbone.xds.ads.XdsAddress;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/** Reads where the node learns who is where: the variables of {@link XdsServer} and {@link LocalXds}. */
final class XdsSettings {
    /** What mean nothing without a server. */
    static final List<String> OF_A_SERVER = List.of("XDS_ROOT_CA", "ALT_XDS_HOSTNAME", "XDS_ON_DEMAND");

    private static final String ADDRESS = "XDS_ADDRESS";
    /** Of Istio; what else it says has no effect here. */
    private static final String PROXY_CONFIG = "PROXY_CONFIG";

    private static final String HEADER = "XDS_HEADER_";

    /** Of stock ztunnel, where nothing else is said in Kubernetes. */
    private static final String ISTIOD = "https://istiod.istio-system.svc:15012";

    private static final String ISTIO_ROOTS = "./var/run/secrets/istio/root-cert.pem";
    private static final String ISTIO_TOKEN = "./var/run/secrets/tokens/istio-token";

    private XdsSettings() {}

    /**
     * The server.
     *
     * @param local the local description, if there is one
     * @return null for none, which goes with a local description only
     */
    static @Nullable XdsServer server(Environment env, @Nullable LocalXds local) {
        String address = address(env, local);
        if (address == null) {
            return null;
        }
        return new XdsServer(
                parsed(address),
                env.text("XDS_ROOT_CA", ISTIO_ROOTS),
                env.text("ALT_XDS_HOSTNAME"),
                token(env),
                headers(env),
                node(env),
                env.flag("XDS_ON_DEMAND", false));
    }

    /** Nothing at all to know the mesh by would mean to send everything out in plaintext. */
    private static @Nullable String address(Environment env, @Nullable LocalXds local) {
        String raw = env.raw(ADDRESS);
        if (raw != null) {
            if (raw.isBlank() && local == null) {
                throw ConfigException.of(
                        "LOCAL_XDS_PATH", null, "a YAML file that says who is where, as there is no xDS");
            }
            return env.text(ADDRESS);
        }
        String discovery = discoveryAddress(env);
        if (discovery != null) {
            return discovery;
        }
        if (env.text("KUBERNETES_SERVICE_HOST") != null) {
            return ISTIOD;
        }
        if (local == null) {
            throw ConfigException.of(
                    ADDRESS,
                    null,
                    "the address of an xDS server, or LOCAL_XDS_PATH: a YAML file that says who is where");
        }
        return null;
    }

    /** Whether the server's address is from {@code PROXY_CONFIG}. */
    static boolean areByProxyConfig(Environment env) {
        return env.raw(ADDRESS) == null && discoveryAddress(env) != null;
    }

    /** Istio's mesh-wide settings name the server, where nothing else does (spec/ztunnel.md 14); null where they do not. */
    private static @Nullable String discoveryAddress(Environment env) {
        String text = env.text(PROXY_CONFIG);
        if (text == null) {
            return null;
        }
        Object settings;
        try {
            settings = new Load(LoadSettings.builder().build()).loadFromString(text);
        } catch (YamlEngineException e) {
            throw ConfigException.of(PROXY_CONFIG, text, "YAML");
        }
        Object address = settings instanceof Map<?, ?> map ? map.get("discoveryAddress") : null;
        if (address != null && !(address instanceof String)) {
            throw ConfigException.of(PROXY_CONFIG, text, "discoveryAddress: host:port");
        }
        return address == null || ((String) address).isBlank() ? null : ((String) address).strip();
    }

    private static XdsAddress parsed(String address) {
        try {
            return XdsAddress.parse(address);
        } catch (IllegalArgumentException e) {
            throw ConfigException.of(ADDRESS, address, "https://host:port, http://host:port or unix:///path");
        }
    }

    private static String token(Environment env) {
        String token = env.text("AUTH_TOKEN");
        if (token != null) {
            return token;
        }
        return Files.exists(Path.of(ISTIO_TOKEN)) ? ISTIO_TOKEN : "";
    }

    private static Map<String, String> headers(Environment env) {
        Map<String, String> headers = new TreeMap<>();
        env.all().forEach((name, value) -> {
            if (name.startsWith(HEADER)) {
                headers.put(name, value);
            }
        });
        return headers;
    }

    private static NodeInfo node(Environment env) {
        try {
            return NodeInfo.ofZtunnel(env.all());
        } catch (IllegalArgumentException e) {
            throw new ConfigException(String.valueOf(e.getMessage()));
        }
    }

    /** The local description; null for none. */
    static @Nullable LocalXds local(Environment env) {
        String path = env.text("LOCAL_XDS_PATH");
        String inline = env.text("LOCAL_XDS");
        if (path != null && inline != null) {
            throw new ConfigException("LOCAL_XDS_PATH and LOCAL_XDS: both set (expected: one of them)");
        }
        if (path == null) {
            return inline == null ? null : new LocalXds.Inline(inline);
        }
        try {
            return new LocalXds.File(Path.of(path));
        } catch (InvalidPathException e) {
            throw ConfigException.of("LOCAL_XDS_PATH", path, "a path");
        }
    }
}
