package io.hbone.xds.server;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.hbone.xds.NamedResource;
import io.hbone.xds.Rejection;
import io.hbone.xds.ResourceSink;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.proto.workload.Address;
import io.hbone.xds.proto.workload.NetworkAddress;
import io.hbone.xds.proto.workload.Service;
import io.hbone.xds.proto.workload.Workload;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

/**
 * Gives workloads and services the names that nodes ask for them by on demand (spec/ztunnel.md 4.5): a workload's addresses and
 * its services, a service's virtual addresses. What cannot be read passes as it is; its consumers will say so.
 */
public final class AddressAliases implements ResourceSink {
    private final ResourceSink next;

    /** @param next gets everything, with aliases */
    public AddressAliases(ResourceSink next) {
        this.next = next;
    }

    @Override
    public List<Rejection> apply(String typeUrl, List<NamedResource> upserts, List<String> removals) {
        if (!typeUrl.equals(TypeUrl.ADDRESS)) {
            return next.apply(typeUrl, upserts, removals);
        }
        return next.apply(typeUrl, upserts.stream().map(AddressAliases::named).toList(), removals);
    }

    private static NamedResource named(NamedResource resource) {
        try {
            Address address = Address.parseFrom(resource.body());
            List<String> aliases = new ArrayList<>(resource.aliases());
            if (address.hasWorkload()) {
                Workload workload = address.getWorkload();
                workload.getAddressesList().forEach(bytes -> add(aliases, workload.getNetwork(), bytes));
                aliases.addAll(workload.getServicesMap().keySet());
            } else if (address.hasService()) {
                Service service = address.getService();
                for (NetworkAddress virtual : service.getAddressesList()) {
                    add(aliases, virtual.getNetwork(), virtual.getAddress());
                }
            }
            return new NamedResource(resource.name(), resource.version(), aliases, resource.body());
        } catch (InvalidProtocolBufferException e) {
            return resource;
        }
    }

    private static void add(List<String> aliases, String network, ByteString address) {
        try {
            // As nodes write it: of IPv6 there is more than one way.
            aliases.add(new io.hbone.xds.model.NetworkAddress(network, InetAddress.getByAddress(address.toByteArray()))
                    .toString());
        } catch (UnknownHostException e) {
            // neither 4 nor 16 bytes: nobody asks for it by that
            return;
        }
    }
}
