package io.hbone.identity.istio;

import io.hbone.core.ServerNames;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Makes an {@link IstioCaFetcher}. The names in brackets are ztunnel's variables (spec/ztunnel.md 14). */
public final class IstioCaFetcherBuilder {
    private static final int DEFAULT_PORT = 15012;

    private final String host;
    private final int port;
    private CaRoots roots = CaRoots.system();
    private @Nullable String alternativeHostname;
    private @Nullable Path tokenFile;
    private @Nullable String clusterId;
    private final Map<String, String> headers = new LinkedHashMap<>();
    private Duration lifetime = Duration.ofHours(24);
    private Duration deadline = Duration.ofSeconds(10);
    private boolean impersonate;
    private @Nullable Integer mark;
    private Clock clock = Clock.systemUTC();

    IstioCaFetcherBuilder(String address) {
        URI uri;
        try {
            uri = URI.create(address.contains("://") ? address : "https://" + address);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(expected(address), e);
        }
        String uriHost = uri.getHost();
        String path = uri.getPath();
        boolean fits = "https".equalsIgnoreCase(uri.getScheme())
                && uriHost != null
                && uri.getUserInfo() == null
                && (path == null || path.isEmpty() || path.equals("/"));
        if (!fits) {
            throw new IllegalArgumentException(expected(address));
        }
        host = Objects.requireNonNull(uriHost).replaceAll("[\\[\\]]", "");
        port = uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort();
    }

    private static String expected(String address) {
        return "CA address: \"" + address + "\" (expected: https://host:port)";
    }

    /** By which the CA's own certificate is verified; what the Java runtime trusts if not said. [CA_ROOT_CA] */
    public IstioCaFetcherBuilder roots(CaRoots value) {
        roots = Objects.requireNonNull(value, "roots");
        return this;
    }

    /** A name that the CA's certificate may have instead of that of its address; null for none. [ALT_CA_HOSTNAME] */
    public IstioCaFetcherBuilder alternativeHostname(@Nullable String value) {
        alternativeHostname = value;
        return this;
    }

    /** A file with the token that proves who asks, read for every call; null for none. [AUTH_TOKEN] */
    public IstioCaFetcherBuilder tokenFile(@Nullable Path value) {
        tokenFile = value;
        return this;
    }

    /** Of which cluster the token is; null for none. [CLUSTER_ID] */
    public IstioCaFetcherBuilder clusterId(@Nullable String value) {
        clusterId = value;
        return this;
    }

    /**
     * Sends one more header. [CA_HEADER_*]
     *
     * @throws IllegalArgumentException when it is no name of a header
     */
    public IstioCaFetcherBuilder header(String name, String value) {
        CallMetadata.key(name);
        headers.put(name, value);
        return this;
    }

    /** How long certificates should be valid, at least a second, 24 hours if not said; the CA may give less. [SECRET_TTL] */
    public IstioCaFetcherBuilder lifetime(Duration value) {
        if (value.toSeconds() < 1) {
            throw new IllegalArgumentException("lifetime: " + value + " (expected: >= 1 s)");
        }
        lifetime = value;
        return this;
    }

    /** How long one call may take, positive; 10 s if not said. */
    public IstioCaFetcherBuilder deadline(Duration value) {
        if (value.toMillis() < 1) {
            throw new IllegalArgumentException("deadline: " + value + " (expected: >= 1 ms)");
        }
        deadline = value;
        return this;
    }

    /** Whether the token is a node's, which asks for its workloads' certificates; false if not said. [PROXY_MODE=shared] */
    public IstioCaFetcherBuilder impersonate(boolean value) {
        impersonate = value;
        return this;
    }

    /**
     * The packet mark of connections, so that redirect rules can tell them from an application's and do not lead them into the node
     * that makes them; null, none, if not said. Takes Linux and CAP_NET_ADMIN. [PACKET_MARK]
     */
    public IstioCaFetcherBuilder mark(@Nullable Integer value) {
        mark = value;
        return this;
    }

    /** By which answers are judged; the system's if not said. */
    public IstioCaFetcherBuilder clock(Clock value) {
        clock = Objects.requireNonNull(value, "clock");
        return this;
    }

    /** Connects to nobody yet. */
    public IstioCaFetcher build() {
        return new IstioCaFetcher(this);
    }

    String host() {
        return host;
    }

    int port() {
        return port;
    }

    @Nullable Integer mark() {
        return mark;
    }

    CaRoots roots() {
        return roots;
    }

    ServerNames names() {
        return ServerNames.of(host, alternativeHostname);
    }

    CallMetadata metadata() {
        return new CallMetadata(tokenFile, clusterId, headers);
    }

    Duration lifetime() {
        return lifetime;
    }

    Duration deadline() {
        return deadline;
    }

    boolean impersonate() {
        return impersonate;
    }

    Clock clock() {
        return clock;
    }
}
