package io.hbone.node;

import io.hbone.node.config.ConfigException;
import io.hbone.node.config.ProxyConfig;
import io.hbone.node.telemetry.Logging;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code hbone proxy}: runs until it is told to stop. */
@Command(
        name = "proxy",
        description = {
            "Runs the node beside one workload (PROXY_MODE=dedicated).",
            "It is configured by ztunnel's environment variables, such as PROXY_WORKLOAD_INFO, LOCAL_XDS_PATH, PACKET_MARK, and"
                    + " by HBONE_CERT_CHAIN, HBONE_KEY, HBONE_ROOT_CERTS or HBONE_DEV_CA_DIR for its identity."
        },
        mixinStandardHelpOptions = true)
final class ProxyCommand implements Callable<Integer> {
    private static final int EXIT_FAILED = 1;

    /** Netty's flight recorder events, for who asks: they load and start the recorder, a tenth of a second's work. */
    private static final String NETTY_JFR = "io.netty.jfr.enabled";

    @Parameters(hidden = true, arity = "0..*", description = "Ignored: Istio's charts write 'proxy ztunnel'.")
    private @Nullable List<String> ignored;

    @Override
    public Integer call() {
        Map<String, String> environment = System.getenv();
        if (System.getProperty(NETTY_JFR) == null) {
            System.setProperty(NETTY_JFR, "false");
        }
        if ("false".equalsIgnoreCase(environment.get("IPV6_ENABLED"))) {
            // The JDK and Netty look at it once, with the first address that they see.
            System.setProperty("java.net.preferIPv4Stack", "true");
        }
        ProxyConfig config;
        try {
            config = ProxyConfig.of(environment);
        } catch (ConfigException e) {
            return failed(e);
        }
        Logging.start(config.logFormat(), config.logLevels(), System.out);
        Logger log = LoggerFactory.getLogger(ProxyCommand.class);
        Signals signals = new Signals();
        signals.install();
        try {
            log.info("hbone {} starts on Java {}", Version.current(), Runtime.version());
            if (!config.ignored().isEmpty()) {
                log.warn("without effect here: {}", String.join(", ", config.ignored()));
            }
            Node node = Node.builder(config).onQuit(signals::stop).start();
            log.info("received {}, starting shutdown", signals.await());
            node.drain();
            log.info("shutdown complete");
            return 0;
        } catch (ConfigException e) {
            return failed(e);
        } finally {
            Logging.stop();
        }
    }

    private static int failed(ConfigException e) {
        System.err.println("hbone proxy: " + e.getMessage());
        return EXIT_FAILED;
    }
}
