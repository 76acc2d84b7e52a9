package io.hbone.node.mesh;

import io.hbone.node.config.XdsServer;
import io.hbone.node.telemetry.Version;
import io.hbone.node.text.Ip;
import io.hbone.xds.ResourceSink;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.ads.AdsClient;
import io.hbone.xds.ads.AdsObserver;
import io.hbone.xds.ads.GrpcAdsTransport;
import io.hbone.xds.model.NetworkAddress;
import io.hbone.xds.routing.OnDemand;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The node's connection to its xDS server. Safe for use by any thread. */
final class XdsLink implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(XdsLink.class);

    private final XdsServer server;
    private final AdsClient client;

    private XdsLink(XdsServer server, AdsClient client) {
        this.server = server;
        this.client = client;
    }

    /** Begins to ask for everything, or for policies alone when the rest is wanted on demand. */
    static XdsLink open(
            XdsServer server, String clusterId, @Nullable Integer mark, ResourceSink sink, AdsObserver observer) {
        GrpcAdsTransport.Builder transport = GrpcAdsTransport.builder(server.address())
                .roots(server.roots())
                .token(server.token())
                .clusterId(clusterId)
                .mark(mark)
                .alternativeName(server.alternativeName())
                .headersOf(server.headers());
        // Policies first: a workload must not name one that is not there yet.
        AdsClient.Builder client = AdsClient.builder(transport.build())
                .node(server.node().withVersion(Version.current()))
                .observer(observer)
                .all(TypeUrl.AUTHORIZATION, sink);
        if (server.onDemand()) {
            client.onDemand(TypeUrl.ADDRESS, new CanonicalNames(sink));
        } else {
            client.all(TypeUrl.ADDRESS, sink);
        }
        return new XdsLink(server, client.start());
    }

    XdsServer server() {
        return server;
    }

    /** Done when the first full answer is there. */
    CompletableFuture<Void> ready() {
        return client.ready().toCompletableFuture();
    }

    /** Why there is none yet. */
    String trouble() {
        String error = client.status().lastError();
        return error.isEmpty() ? "it has not answered in full" : error;
    }

    /** The server may be back. */
    void retryNow() {
        client.retryNow();
    }

    /** What gets what is not there, within the client's bound. */
    OnDemand onDemand() {
        return server.onDemand() ? name -> client.lookup(TypeUrl.ADDRESS, name) : OnDemand.NEVER;
    }

    /** Asks, when it has to, for the workload that has an address of this machine: its uid is for the server to say. */
    void lookUpSelf(String network) {
        if (!server.onDemand()) {
            return;
        }
        Set<InetAddress> addresses = new LinkedHashSet<>();
        InetAddress instance = Ip.parse(String.valueOf(server.node().metadata().get("INSTANCE_IPS")));
        if (instance != null) {
            addresses.add(instance);
        }
        try {
            NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .filter(address -> !address.isLoopbackAddress() && !address.isLinkLocalAddress())
                    .forEach(addresses::add);
        } catch (SocketException e) {
            LOG.warn("the addresses of this machine are not known: {}", e.toString());
        }
        addresses.forEach(address -> client.lookup(TypeUrl.ADDRESS, new NetworkAddress(network, address).toString()));
    }

    Map<String, Object> dump() {
        AdsClient.Status status = client.status();
        Map<String, Object> types = new TreeMap<>();
        status.types().forEach((url, type) -> {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("held", type.held());
            entry.put("responses", type.responses());
            entry.put("rejected", type.rejected());
            entry.put("rejections", type.rejections());
            types.put(url, entry);
        });
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("address", server.address());
        out.put("ready", client.isReady());
        out.put("connected", status.connected());
        out.put("streams", status.streams());
        out.put("lastError", status.lastError());
        out.put("types", types);
        return out;
    }

    @Override
    public void close() {
        client.close();
    }
}
