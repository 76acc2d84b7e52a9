package io.hbone.xds.routing;

import io.hbone.core.Route;
import io.hbone.core.SpiffeId;
import io.hbone.xds.model.IpFamilies;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Workload;
import io.hbone.xds.store.Resource;
import java.net.InetAddress;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A workload that was chosen to carry a connection on.
 *
 * @param port where it serves it
 * @param service as whose endpoint; null when the workload itself was addressed
 * @param asked the address that it was found by; of several addresses this one, or one of its family
 */
record Upstream(
        Resource<Workload> workload,
        int port,
        @Nullable Resource<Service> service,
        @Nullable InetAddress asked) {

    Workload value() {
        return workload.value();
    }

    Route.@Nullable ServiceRef serviceRef() {
        return service == null ? null : service.value().ref();
    }

    IpFamilies families() {
        return service == null ? IpFamilies.AUTOMATIC : service.value().ipFamilies();
    }

    /** Who may answer: the workload, and whom its service names. */
    Set<SpiffeId> expectedPeers() {
        SpiffeId identity = value().identity();
        if (service == null || service.value().subjectAltNames().isEmpty()) {
            return Set.of(identity);
        }
        Set<SpiffeId> peers = new HashSet<>(service.value().subjectAltNames());
        peers.add(identity);
        return peers;
    }

    /**
     * Who may answer behind a gateway, where the workload may stand for many: whom the service names. Stock ztunnel expects nobody
     * when the service names nobody, and every connection fails; here it is the workload then.
     */
    Set<SpiffeId> expectedBehindGateway() {
        return service == null || service.value().subjectAltNames().isEmpty()
                ? Set.of(value().identity())
                : service.value().subjectAltNames();
    }

    /** The workload and the service, for people. */
    @Override
    public String toString() {
        return service == null ? "workload " + workload : "endpoint " + workload + " of service " + service;
    }
}
