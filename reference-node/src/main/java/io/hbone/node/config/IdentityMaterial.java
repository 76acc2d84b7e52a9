package io.hbone.node.config;

import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.istio.CaRoots;
import io.hbone.identity.spire.SelectorTemplate;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where the workloads' certificates come from. */
public sealed interface IdentityMaterial {

    /** What operators call it. */
    String name();

    /**
     * A development CA of our own: {@code FAKE_CA} or {@code HBONE_DEV_CA_DIR}.
     *
     * @param directory what nodes that trust each other share; null for one of this user's under the temporary directory
     * @param lifetime of the certificates that it issues: {@code SECRET_TTL}
     */
    record DevelopmentCa(@Nullable Path directory, Duration lifetime) implements IdentityMaterial {
        @Override
        public String name() {
            return "dev-ca";
        }
    }

    /** PEM files that somebody else renews: {@code HBONE_CERT_CHAIN}, {@code HBONE_KEY}, {@code HBONE_ROOT_CERTS}. */
    record Pem(Path chain, Path key, Path roots) implements IdentityMaterial {
        @Override
        public String name() {
            return "pem";
        }
    }

    /**
     * An Istio CA, such as istiod or {@code hbone ca} (spec/ztunnel.md 9.2).
     *
     * @param address {@code CA_ADDRESS}
     * @param roots {@code CA_ROOT_CA}
     * @param alternativeHostname {@code ALT_CA_HOSTNAME}
     * @param token {@code AUTH_TOKEN}: the file that says who asks; null for none
     * @param lifetime {@code SECRET_TTL}
     * @param headers {@code CA_HEADER_*}, by what follows that
     */
    record IstioCa(
            String address,
            CaRoots roots,
            @Nullable String alternativeHostname,
            @Nullable Path token,
            Duration lifetime,
            Map<String, String> headers)
            implements IdentityMaterial {

        public IstioCa {
            headers = Map.copyOf(headers);
        }

        @Override
        public String name() {
            return "istio-ca";
        }
    }

    /**
     * A SPIRE agent that attests the workload's process: {@code SPIRE_ENABLED} (spec/cilium.md 6.2).
     *
     * @param admin {@code SPIRE_ADMIN_ENDPOINT_SOCKET}
     * @param timeout {@code SPIRE_TIMEOUT}
     * @param runtime {@code CONTAINER_RUNTIME_SOCK_PATH}, where the processes of pods are asked for
     * @param pid {@code HBONE_WORKLOAD_PID}, the workload's process where there is no container runtime; null to ask one
     */
    record SpireByPid(
            UnixEndpoint admin,
            Duration timeout,
            UnixEndpoint runtime,
            @Nullable Integer pid) implements IdentityMaterial {
        @Override
        public String name() {
            return "spire-pid";
        }
    }

    /**
     * A SPIRE agent that believes what this node says of the workload: {@code SPIRE_ENABLED} with {@code HBONE_SPIRE_SELECTORS}.
     */
    record SpireBySelectors(UnixEndpoint admin, Duration timeout, SelectorTemplate selectors)
            implements IdentityMaterial {
        @Override
        public String name() {
            return "spire-selectors";
        }
    }

    /** This process's own identity from a SPIFFE Workload API: {@code SPIFFE_ENDPOINT_SOCKET}. */
    record WorkloadApi(UnixEndpoint socket) implements IdentityMaterial {
        @Override
        public String name() {
            return "workload-api";
        }
    }
}
