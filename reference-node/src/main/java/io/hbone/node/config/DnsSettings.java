package io.hbone.node.config;

import io.hbone.node.text.Ip;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The DNS proxy of workloads (spec/ztunnel.md 12), which {@code ISTIO_META_DNS_CAPTURE} turns off.
 *
 * @param listenAddresses {@code ISTIO_META_DNS_PROXY_ADDR}, else {@code HBONE_DNS_PORT}: one loopback address, or that of each family. Where IPv6 is missing only
 *     the others are listened to
 * @param clusterDomain {@code CLUSTER_DOMAIN}, in lower case
 * @param preferredNamespace {@code PREFERED_SERVICE_NAMESPACE}: whose services come before others that are equal to them; empty for
 *     none
 * @param ipv6 {@code IPV6_ENABLED}: whether names have addresses of IPv6
 * @param resolverFile {@code HBONE_RESOLV_CONF}: who the name servers are for what the mesh does not know
 * @param searchOfFile whether workloads have the search domains of that file, rather than those of Kubernetes
 */
public record DnsSettings(
        List<InetSocketAddress> listenAddresses,
        String clusterDomain,
        String preferredNamespace,
        boolean ipv6,
        Path resolverFile,
        boolean searchOfFile) {
    private static final String CAPTURE = "ISTIO_META_DNS_CAPTURE";
    private static final String ADDRESS = "ISTIO_META_DNS_PROXY_ADDR";
    private static final String LOCALHOST = "localhost";
    private static final int PORT = 15053;
    private static final Path RESOLVER_FILE = Path.of("/etc/resolv.conf");

    public DnsSettings {
        listenAddresses = List.copyOf(listenAddresses);
    }

    /** @return null when it is off */
    static @Nullable DnsSettings read(Environment env, ProxyMode mode, ListenPlan listen, boolean onDemand) {
        String capture = env.text(CAPTURE);
        if (capture == null ? onDemand : !capture.toLowerCase(Locale.ROOT).equals("true")) {
            return null;
        }
        if (onDemand) {
            throw ConfigException.of(
                    CAPTURE,
                    capture,
                    "false with XDS_ON_DEMAND, as then the names of the mesh are not known beforehand");
        }
        Path file = env.path("HBONE_RESOLV_CONF");
        return new DnsSettings(
                listenAddresses(env, listen),
                env.text("CLUSTER_DOMAIN", "cluster.local").toLowerCase(Locale.ROOT),
                env.text("PREFERED_SERVICE_NAMESPACE", ""),
                listen.ipv6(),
                file == null ? RESOLVER_FILE : file,
                mode instanceof ProxyMode.Dedicated);
    }

    private static List<InetSocketAddress> listenAddresses(Environment env, ListenPlan listen) {
        String value = env.text(ADDRESS, LOCALHOST + ':' + env.number("HBONE_DNS_PORT", PORT, 0, 65_535));
        int colon = value.lastIndexOf(':');
        String host = colon < 0 ? "" : value.substring(0, colon);
        int port = colon < 0 ? -1 : port(value.substring(colon + 1));
        if (host.equals(LOCALHOST) && port >= 0) {
            // As for the admin pages, either is localhost to tools.
            Stream<InetSocketAddress> second = listen.address() == null && listen.ipv6() && port > 0
                    ? Stream.of(new InetSocketAddress(Objects.requireNonNull(Ip.parse("::1")), port))
                    : Stream.empty();
            return Stream.concat(Stream.of(listen.onLoopback(port)), second).toList();
        }
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        InetAddress address = Ip.parse(bracketed ? host.substring(1, host.length() - 1) : host);
        if (address == null || !address.isLoopbackAddress() || port < 0) {
            throw ConfigException.of(
                    ADDRESS,
                    value,
                    LOCALHOST + " or a loopback address, as names are for this workload alone, and :port");
        }
        return List.of(new InetSocketAddress(address, port));
    }

    private static int port(String text) {
        try {
            int port = Integer.parseInt(text);
            return port >= 0 && port <= 65_535 ? port : -1;
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
