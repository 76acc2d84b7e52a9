package io.hbone.xds.routing;

import io.hbone.core.ConnectRequest;
import io.hbone.core.Route;
import io.hbone.xds.model.PortMap;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Workload;
import io.hbone.xds.store.Resource;
import io.hbone.xds.store.Snapshot;
import org.jspecify.annotations.Nullable;

/** Services as their endpoint sees them. */
final class InboundServices {
    private InboundServices() {}

    /**
     * Where a service's port is at one of its endpoints. An endpoint that the service does not count as its own must not serve in
     * its name.
     *
     * @return 0 or {@link PortMap#ABSENT} when it is nowhere
     */
    static int targetPort(Service service, Workload self, int servicePort) {
        PortMap own = self.services().get(service.key());
        if (own == null) {
            return PortMap.ABSENT;
        }
        int port = own.target(servicePort);
        return port > 0 ? port : service.ports().target(servicePort);
    }

    /** The key of a service of this workload with that host name which is not known yet; null for none. */
    static @Nullable String missing(Snapshot snapshot, Workload self, String hostname) {
        for (String key : self.services().keySet()) {
            boolean meant = key.substring(key.indexOf('/') + 1).equalsIgnoreCase(hostname);
            if (meant && snapshot.service(key) == null) {
                return key;
            }
        }
        return null;
    }

    /** Which service the client most likely meant: the one it names when it is ours, else one on that port; null for none. */
    static Route.@Nullable ServiceRef on(Snapshot snapshot, Workload self, int port, @Nullable ConnectRequest request) {
        if (self.services().isEmpty()) {
            return null;
        }
        String named = request == null ? null : request.forwarded().host();
        Resource<Service> meant = named == null ? null : snapshot.serviceByHost(named, self.namespace());
        if (meant != null && self.services().containsKey(meant.value().key())) {
            return meant.value().ref();
        }
        for (String key : self.services().keySet()) {
            Resource<Service> service = snapshot.service(key);
            if (service != null && isOn(service.value(), self, port)) {
                return service.value().ref();
            }
        }
        return null;
    }

    private static boolean isOn(Service service, Workload self, int port) {
        for (int i = 0; i < service.ports().size(); i++) {
            if (targetPort(service, self, service.ports().servicePort(i)) == port) {
                return true;
            }
        }
        return false;
    }
}
