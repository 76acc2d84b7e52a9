package io.hbone.node.config;

import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.istio.CaRoots;
import io.hbone.identity.spire.SelectorTemplate;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Reads where certificates come from. In a Kubernetes pod nothing said means istiod, as for ztunnel; elsewhere it is an error, and
 * never a source that somebody did not ask for.
 */
final class IdentitySettings {
    private static final Duration YEAR = Duration.ofDays(365);

    private static final String ISTIOD = "https://istiod.istio-system.svc:15012";
    private static final Path ISTIO_ROOT = Path.of("var/run/secrets/istio/root-cert.pem");
    private static final Path ISTIO_TOKEN = Path.of("var/run/secrets/tokens/istio-token");
    private static final String CA_HEADER = "CA_HEADER_";

    private static final String SPIRE_SOCKET = "unix:///run/spire/sockets/admin.sock";
    private static final String CONTAINERD_SOCKET = "/run/containerd/containerd.sock";

    private static final String EXPECTED = "(expected: one of SPIRE_ENABLED=true, SPIFFE_ENDPOINT_SOCKET, CA_ADDRESS,"
            + " HBONE_CERT_CHAIN with HBONE_KEY and HBONE_ROOT_CERTS, or for development FAKE_CA=true or HBONE_DEV_CA_DIR)";

    private final Environment env;

    private IdentitySettings(Environment env) {
        this.env = env;
    }

    /** @throws ConfigException also when the source knows one identity, and the node serves many */
    static IdentityMaterial read(Environment env, ProxyMode mode) {
        IdentityMaterial material = new IdentitySettings(env).read();
        if (mode instanceof ProxyMode.Shared) {
            requireMany(material);
        }
        return material;
    }

    private static void requireMany(IdentityMaterial material) {
        String one =
                "one identity is all it has (expected: with PROXY_MODE=shared, which is the default, a source for all pods:"
                        + " SPIRE_ENABLED=true, CA_ADDRESS, or for development FAKE_CA=true or HBONE_DEV_CA_DIR)";
        if (material instanceof IdentityMaterial.Pem) {
            throw new ConfigException("HBONE_CERT_CHAIN: " + one);
        } else if (material instanceof IdentityMaterial.WorkloadApi) {
            throw new ConfigException("SPIFFE_ENDPOINT_SOCKET: " + one);
        } else if (material instanceof IdentityMaterial.SpireByPid spire && spire.pid() != null) {
            throw new ConfigException("HBONE_WORKLOAD_PID: " + one);
        }
    }

    private IdentityMaterial read() {
        boolean files = isSet("HBONE_CERT_CHAIN") || isSet("HBONE_KEY") || isSet("HBONE_ROOT_CERTS");
        // As in ztunnel and its fork, these two go before a CA: charts set its address anyhow.
        boolean development = env.flag("FAKE_CA", isSet("HBONE_DEV_CA_DIR")) || isSet("HBONE_DEV_CA_DIR");
        boolean spire = env.flag("SPIRE_ENABLED", false);
        if (files && (development || spire)) {
            throw new ConfigException("HBONE_CERT_CHAIN, HBONE_KEY, HBONE_ROOT_CERTS and "
                    + (development ? "a development CA" : "SPIRE_ENABLED")
                    + ": both set (expected: the files, or FAKE_CA or HBONE_DEV_CA_DIR, or SPIRE_ENABLED)");
        }
        if (development) {
            return developmentCa();
        }
        if (spire) {
            return spire();
        }
        boolean workloadApi = isSet("SPIFFE_ENDPOINT_SOCKET");
        boolean ca = isSet("CA_ADDRESS");
        if ((files ? 1 : 0) + (workloadApi ? 1 : 0) + (ca ? 1 : 0) > 1) {
            throw new ConfigException("several sources of certificates are set " + EXPECTED);
        }
        if (files) {
            return pem();
        }
        if (workloadApi) {
            return workloadApi();
        }
        // Not set means istiod to ztunnel; set to "" means none.
        if (ca || (isSet("KUBERNETES_SERVICE_HOST") && env.raw("CA_ADDRESS") == null)) {
            return istioCa();
        }
        throw new ConfigException("no source of certificates is set " + EXPECTED);
    }

    private IdentityMaterial spire() {
        UnixEndpoint admin = socket("SPIRE_ADMIN_ENDPOINT_SOCKET", SPIRE_SOCKET);
        Duration timeout =
                env.duration("SPIRE_TIMEOUT", Duration.ofSeconds(10), Duration.ofMillis(100), Duration.ofHours(1));
        String selectors = env.text("HBONE_SPIRE_SELECTORS");
        if (selectors == null) {
            UnixEndpoint runtime = socket("CONTAINER_RUNTIME_SOCK_PATH", CONTAINERD_SOCKET);
            Long pid = env.number("HBONE_WORKLOAD_PID", 1, Integer.MAX_VALUE);
            return new IdentityMaterial.SpireByPid(admin, timeout, runtime, pid == null ? null : pid.intValue());
        }
        try {
            return new IdentityMaterial.SpireBySelectors(admin, timeout, SelectorTemplate.parse(selectors));
        } catch (IllegalArgumentException e) {
            throw new ConfigException("HBONE_SPIRE_SELECTORS: " + e.getMessage(), e);
        }
    }

    private IdentityMaterial workloadApi() {
        return new IdentityMaterial.WorkloadApi(socket("SPIFFE_ENDPOINT_SOCKET", ""));
    }

    private IdentityMaterial istioCa() {
        String roots = env.text("CA_ROOT_CA", "./" + ISTIO_ROOT);
        Path token = env.path("AUTH_TOKEN");
        if (token == null && Files.exists(ISTIO_TOKEN)) {
            token = ISTIO_TOKEN;
        }
        Map<String, String> headers = new LinkedHashMap<>();
        env.startingWith(CA_HEADER).forEach((name, value) -> headers.put(name.toLowerCase(Locale.ROOT), value));
        return new IdentityMaterial.IstioCa(
                env.text("CA_ADDRESS", ISTIOD),
                CaRoots.of(roots),
                env.text("ALT_CA_HOSTNAME"),
                token,
                lifetime(),
                headers);
    }

    private IdentityMaterial developmentCa() {
        return new IdentityMaterial.DevelopmentCa(env.path("HBONE_DEV_CA_DIR"), lifetime());
    }

    private Duration lifetime() {
        return env.duration("SECRET_TTL", Duration.ofHours(24), Duration.ofSeconds(10), YEAR);
    }

    private IdentityMaterial pem() {
        return new IdentityMaterial.Pem(
                required(
                        "HBONE_CERT_CHAIN", "a PEM file with the certificate, as HBONE_KEY or HBONE_ROOT_CERTS is set"),
                required("HBONE_KEY", "a PEM file with the private key of HBONE_CERT_CHAIN"),
                required("HBONE_ROOT_CERTS", "a PEM file with the roots that peers are verified by"));
    }

    private boolean isSet(String name) {
        return env.text(name) != null;
    }

    private UnixEndpoint socket(String name, String otherwise) {
        try {
            return UnixEndpoint.parse(env.text(name, otherwise));
        } catch (IllegalArgumentException e) {
            throw new ConfigException(name + ": " + e.getMessage(), e);
        }
    }

    private Path required(String name, String expected) {
        Path value = env.path(name);
        if (value == null) {
            throw ConfigException.of(name, null, expected);
        }
        return value;
    }
}
