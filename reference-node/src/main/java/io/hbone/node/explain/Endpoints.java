package io.hbone.node.explain;

import io.hbone.core.IpLiteral;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Vip;
import io.hbone.xds.model.Workload;
import io.hbone.xds.store.Resource;
import io.hbone.xds.store.Snapshot;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** Finds what operators mean: the two ends of a connection. */
final class Endpoints {
    private final Snapshot snapshot;
    private final String network;

    Endpoints(Snapshot snapshot, String network) {
        this.snapshot = snapshot;
        this.network = network;
    }

    /** @param text a uid, {@code namespace/name}, or an address */
    Resource<Workload> source(String text) {
        Resource<Workload> found = workload(text);
        if (found == null) {
            throw new IllegalArgumentException("source: \"" + text
                    + "\" (expected: a workload that the mesh knows, by its uid, namespace/name or address)");
        }
        return found;
    }

    /**
     * @param text an address, a host name of a service, {@code namespace/hostname}, or what a workload can be called, and a port
     * @param namespace of the client, whose services come before others
     */
    InetSocketAddress destination(String text, String namespace) {
        int colon = text.lastIndexOf(':');
        int port = colon < 1 ? 0 : port(text.substring(colon + 1));
        if (port == 0) {
            throw new IllegalArgumentException(
                    "destination: \"" + text + "\" (expected: name:port or address:port, port from 1 to 65535)");
        }
        String name = text.substring(0, colon);
        if (name.startsWith("[") && name.endsWith("]")) {
            name = name.substring(1, name.length() - 1);
        }
        InetAddress address = IpLiteral.parse(name);
        if (address == null) {
            address = addressOf(name, namespace);
        }
        if (address == null) {
            throw new IllegalArgumentException(
                    "destination: \"" + text
                            + "\" (expected: an address, or the name of a service or workload that the mesh knows and that has one)");
        }
        return new InetSocketAddress(address, port);
    }

    private static int port(String text) {
        try {
            int port = Integer.parseInt(text);
            return port >= 1 && port <= 65535 ? port : 0;
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    private @Nullable InetAddress addressOf(String name, String namespace) {
        Resource<Service> service = snapshot.service(name);
        if (service == null) {
            service = snapshot.serviceByHost(name, namespace);
        }
        if (service != null) {
            return vip(service.value());
        }
        Resource<Workload> workload = workload(name);
        return workload == null ? null : addressOf(workload.value());
    }

    private @Nullable InetAddress vip(Service service) {
        for (Vip vip : service.vips()) {
            if (vip.network().equals(network)) {
                return vip.range().address();
            }
        }
        return null;
    }

    /** The first; null when it has none. */
    static @Nullable InetAddress addressOf(Workload workload) {
        return workload.addresses().isEmpty() ? null : workload.addresses().get(0);
    }

    private @Nullable Resource<Workload> workload(String text) {
        Resource<Workload> found = snapshot.workload(text);
        if (found != null) {
            return found;
        }
        InetAddress address = IpLiteral.parse(text);
        if (address != null) {
            return snapshot.workloadAt(network, address);
        }
        int slash = text.indexOf('/');
        if (slash < 1) {
            return null;
        }
        for (Resource<Workload> candidate : snapshot.workloads()) {
            Workload workload = candidate.value();
            if (workload.namespace().equals(text.substring(0, slash))
                    && workload.name().equals(text.substring(slash + 1))
                    && (found == null || workload.uid().compareTo(found.value().uid()) < 0)) {
                found = candidate;
            }
        }
        return found;
    }
}
