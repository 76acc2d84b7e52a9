package io.hbone.node;

import io.hbone.core.TrustDomain;
import io.hbone.node.config.LogFormat;
import io.hbone.node.config.LogLevels;
import io.hbone.node.telemetry.Logging;
import io.hbone.xds.file.LocalFileException;
import io.hbone.xds.file.LocalFileWatch;
import io.hbone.xds.server.AddressAliases;
import io.hbone.xds.server.AdsServer;
import io.hbone.xds.server.MeshResources;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code hbone xds}: a control plane for a small fleet, out of one file. */
@Command(
        name = "xds",
        description = {
            "Serves a file in ztunnel's local format to nodes, ours or stock ztunnels, and follows its changes.",
            "Nodes find it by XDS_ADDRESS: https://HOST:PORT with XDS_ROOT_CA, or unix:///PATH for nodes of ours."
        },
        mixinStandardHelpOptions = true)
final class XdsCommand implements Callable<Integer> {
    private static final int EXIT_FAILED = 1;

    /** A change takes effect within a second: a tenth of it may pass before it is seen. */
    private static final Duration LOOK = Duration.ofMillis(100);

    @Option(names = "--file", required = true, paramLabel = "FILE", description = "Workloads, services and policies.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Path file;

    @Option(
            names = "--listen",
            paramLabel = "HOST:PORT",
            description = "Where to listen with TLS; 127.0.0.1:15012 if neither this nor --unix is said.")
    private @Nullable String listen;

    @Option(names = "--tls-cert", paramLabel = "FILE", description = "The server's certificate chain, PEM.")
    private @Nullable Path certificate;

    @Option(names = "--tls-key", paramLabel = "FILE", description = "The server's private key, PEM.")
    private @Nullable Path key;

    @Option(names = "--unix", paramLabel = "PATH", description = "Listen on this unix socket instead, without TLS.")
    private @Nullable Path unix;

    @Option(
            names = "--trust-domain",
            defaultValue = "cluster.local",
            description = "Of workloads that name none; ${DEFAULT-VALUE} if not said.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private String trustDomain;

    @Override
    public Integer call() {
        Logging.start(LogFormat.PLAIN, LogLevels.DEFAULT, System.out);
        Logger log = LoggerFactory.getLogger(XdsCommand.class);
        Signals signals = new Signals();
        signals.install();
        MeshResources resources = new MeshResources();
        ScheduledExecutorService looking = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "file-watch");
            thread.setDaemon(true);
            return thread;
        });
        try (LocalFileWatch watch =
                new LocalFileWatch(file, TrustDomain.of(trustDomain), new AddressAliases(resources))) {
            log.info("{} has {}", file, watch.load());
            try (AdsServer server = serve(resources)) {
                watch.start(looking, LOOK);
                log.info("xDS is served on {}", unix != null ? "unix://" + unix : "port " + server.port());
                log.info("received {}, starting shutdown", signals.await());
            }
            log.info("shutdown complete");
            return 0;
        } catch (LocalFileException e) {
            return failed(file + ": " + e.getMessage());
        } catch (IOException | IllegalArgumentException e) {
            return failed(String.valueOf(e.getMessage()));
        } finally {
            looking.shutdownNow();
            Logging.stop();
        }
    }

    private AdsServer serve(MeshResources resources) throws IOException {
        AdsServer.Builder server = AdsServer.builder(resources);
        if (unix != null) {
            if (listen != null || certificate != null || key != null) {
                throw new IllegalArgumentException("--unix with --listen or TLS (expected: one of both)");
            }
            return server.listen(unix);
        }
        if (certificate == null || key == null) {
            throw new IllegalArgumentException("no --tls-cert and --tls-key (expected: both, or --unix)");
        }
        return server.tls(certificate, key).listen(address(listen == null ? "127.0.0.1:15012" : listen));
    }

    private static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        String expected = "--listen: " + text + " (expected: host:port)";
        if (colon <= 0) {
            throw new IllegalArgumentException(expected);
        }
        String host = text.substring(0, colon).replace("[", "").replace("]", "");
        try {
            InetSocketAddress address = new InetSocketAddress(host, Integer.parseInt(text.substring(colon + 1)));
            if (address.isUnresolved()) {
                throw new IllegalArgumentException("--listen: " + host + " is no address here");
            }
            return address;
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(expected, e);
        }
    }

    private static int failed(String why) {
        System.err.println("hbone xds: " + why);
        return EXIT_FAILED;
    }
}
