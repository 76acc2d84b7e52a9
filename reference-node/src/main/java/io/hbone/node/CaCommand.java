package io.hbone.node;

import io.hbone.core.TrustDomain;
import io.hbone.identity.ca.CertificateAuthority;
import io.hbone.identity.ca.IssuancePolicy;
import io.hbone.identity.ca.IstioCaServer;
import io.hbone.identity.ca.KubernetesTokenReview;
import io.hbone.identity.ca.TokenAuthenticator;
import io.hbone.identity.ca.TokenFile;
import io.hbone.node.config.LogFormat;
import io.hbone.node.config.LogLevels;
import io.hbone.node.telemetry.Logging;
import io.hbone.node.telemetry.Version;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code hbone ca}: serves certificates until it is told to stop. */
@Command(
        name = "ca",
        description = {
            "Serves certificates by the protocol of Istio's CA, to ztunnel and to 'hbone proxy' alike.",
            "The key is made at the first start, and stays in --dir, readable by its owner alone; or the CA is an"
                    + " intermediate that you give it by --chain and --key."
        },
        mixinStandardHelpOptions = true)
final class CaCommand implements Callable<Integer> {
    private static final int EXIT_FAILED = 1;

    @Option(
            names = "--trust-domain",
            defaultValue = "cluster.local",
            description = "Whose identities it signs (default: ${DEFAULT-VALUE}).")
    private String trustDomain = "";

    @ArgGroup(multiplicity = "1")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Signer signer;

    @ArgGroup(multiplicity = "1")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Authentication authentication;

    @Option(
            names = "--listen",
            defaultValue = "0.0.0.0:15012",
            description = "Address and port (default: ${DEFAULT-VALUE}).")
    private String listen = "";

    @Option(
            names = "--dns-name",
            description = "A name by which clients know it; repeatable (default: istiod.istio-system.svc, localhost).")
    private List<String> dnsNames = List.of("istiod.istio-system.svc", "localhost");

    @Option(names = "--namespace", description = "Sign service accounts of this namespace; repeatable (default: all).")
    private @Nullable List<String> namespaces;

    @Option(
            names = "--max-ttl",
            defaultValue = "PT24H",
            description = "The longest life of a certificate, ISO 8601 (default: ${DEFAULT-VALUE}).")
    private Duration maxTtl = Duration.ZERO;

    @Option(
            names = "--serving-ttl",
            defaultValue = "PT24H",
            description = "The life of its own certificate, replaced at half of it (default: ${DEFAULT-VALUE}).")
    private Duration servingTtl = Duration.ZERO;

    @Option(names = "--log-format", defaultValue = "plain", description = "plain or json (default: ${DEFAULT-VALUE}).")
    private String logFormat = "";

    /** Where its key is. */
    static final class Signer {
        @Option(names = "--dir", required = true, description = "Keeps a root of its own in this directory.")
        private @Nullable Path directory;

        @ArgGroup(exclusive = false)
        private @Nullable Intermediate intermediate;
    }

    /** What somebody gave it. */
    static final class Intermediate {
        @Option(names = "--chain", required = true, description = "PEM: the signing certificate, then its issuers.")
        @SuppressWarnings("NullAway.Init") // picocli sets it
        private Path chain;

        @Option(names = "--key", required = true, description = "PEM: its key, readable by its owner alone.")
        @SuppressWarnings("NullAway.Init") // picocli sets it
        private Path key;

        @Option(names = "--roots", description = "PEM: the roots, unless --chain ends with the root.")
        private @Nullable Path roots;
    }

    /** Whom it believes. */
    static final class Authentication {
        @Option(
                names = "--tokens",
                required = true,
                description = "A file with a token a line: token, name, 'impersonate' for nodes, identities.")
        private @Nullable Path tokens;

        @ArgGroup(exclusive = false)
        private @Nullable Review review;
    }

    /** Tokens of Kubernetes. */
    static final class Review {
        @Option(names = "--token-review", required = true, description = "Ask the API server of this pod's cluster.")
        private boolean enabled;

        @Option(names = "--audience", defaultValue = "istio-ca", description = "Of tokens (default: ${DEFAULT-VALUE}).")
        private String audience = "";

        @Option(
                names = "--node-account",
                description = "namespace/name of a service account whose pods ask for the workloads on their node"
                        + " (default: istio-system/ztunnel).")
        private List<String> nodeAccounts = List.of("istio-system/ztunnel");
    }

    @Override
    public Integer call() {
        Logging.start(logFormat.equals("json") ? LogFormat.JSON : LogFormat.PLAIN, LogLevels.DEFAULT, System.out);
        Logger log = LoggerFactory.getLogger(CaCommand.class);
        Signals signals = new Signals();
        signals.install();
        try (IstioCaServer server = start()) {
            log.info("hbone {} serves certificates of {} on port {}", Version.current(), trustDomain, server.port());
            log.info("received {}, starting shutdown", signals.await());
        } catch (IOException | IllegalArgumentException e) {
            System.err.println("hbone ca: " + e.getMessage());
            return EXIT_FAILED;
        } finally {
            Logging.stop();
        }
        return 0;
    }

    private IstioCaServer start() throws IOException {
        TrustDomain domain = TrustDomain.of(trustDomain);
        Set<String> allowed = namespaces == null ? Set.of() : new LinkedHashSet<>(namespaces);
        return IstioCaServer.builder(authority(domain), authenticator(domain))
                .policy(new IssuancePolicy(domain, allowed, maxTtl, maxTtl))
                .address(address())
                .dnsNames(dnsNames)
                .servingLifetime(servingTtl)
                .start();
    }

    private CertificateAuthority authority(TrustDomain domain) throws IOException {
        Clock clock = Clock.systemUTC();
        Intermediate given = signer.intermediate;
        if (given != null) {
            return CertificateAuthority.intermediate(given.chain, given.key, given.roots, domain, clock);
        }
        Path directory = signer.directory;
        if (directory == null) {
            throw new IllegalArgumentException("--dir: not set (expected: a directory, or --chain and --key)");
        }
        return CertificateAuthority.open(directory, domain, clock);
    }

    private TokenAuthenticator authenticator(TrustDomain domain) throws IOException {
        Review review = authentication.review;
        if (review != null && review.enabled) {
            return KubernetesTokenReview.inCluster(domain, review.audience, new LinkedHashSet<>(review.nodeAccounts));
        }
        Path tokens = authentication.tokens;
        if (tokens == null) {
            throw new IllegalArgumentException("--tokens: not set (expected: a file, or --token-review)");
        }
        return TokenFile.open(tokens);
    }

    private InetSocketAddress address() {
        int colon = listen.lastIndexOf(':');
        String expected = "--listen: \"" + listen + "\" (expected: address:port)";
        if (colon < 0) {
            throw new IllegalArgumentException(expected);
        }
        try {
            int port = Integer.parseInt(listen.substring(colon + 1));
            String host = listen.substring(0, colon).replaceAll("[\\[\\]]", "");
            return host.isEmpty() ? new InetSocketAddress(port) : new InetSocketAddress(host, port);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(expected, e);
        }
    }
}
