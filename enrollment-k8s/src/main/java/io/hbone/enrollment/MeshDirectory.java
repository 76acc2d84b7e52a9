package io.hbone.enrollment;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.hbone.xds.NamedResource;
import io.hbone.xds.Rejection;
import io.hbone.xds.ResourceSink;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.model.AddressCodec;
import io.hbone.xds.model.Workload;
import io.hbone.xds.proto.workload.Address;
import io.hbone.xds.proto.workload.TunnelProtocol;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What nodes are told of the mesh: what others say of it, by {@link #apply} or {@link #replace}, and over it what the agent knows
 * better: whether a workload of this machine is reached by HBONE at this moment. Safe for use by any thread.
 */
public final class MeshDirectory implements ResourceSink {
    private final ResourceSink nodes;
    private final Map<String, NamedResource> others = new HashMap<>();
    private final Set<String> policies = new HashSet<>();
    private final Map<String, Announcement> local = new HashMap<>();

    /** @param nodes is told everything; a server's resources, behind {@link io.hbone.xds.server.AddressAliases} as a rule */
    public MeshDirectory(ResourceSink nodes) {
        this.nodes = nodes;
    }

    private record Announcement(Announced how, @Nullable Workload workload) {}

    /** Of workloads that the agent has announced it takes all but how they are reached. */
    @Override
    public synchronized List<Rejection> apply(String typeUrl, List<NamedResource> upserts, List<String> removals) {
        if (!typeUrl.equals(TypeUrl.ADDRESS)) {
            return nodes.apply(typeUrl, upserts, removals);
        }
        Set<String> names = new HashSet<>(removals);
        removals.forEach(others::remove);
        for (NamedResource resource : upserts) {
            others.put(resource.name(), resource);
            names.add(resource.name());
        }
        return tell(names);
    }

    /**
     * Makes this all that others say.
     *
     * @param addresses workloads and services
     * @return what nodes cannot be told
     */
    public synchronized List<Rejection> replace(
            Collection<NamedResource> addresses, Collection<NamedResource> authorizations) {
        Set<String> gone = new HashSet<>(policies);
        policies.clear();
        authorizations.forEach(policy -> policies.add(policy.name()));
        gone.removeAll(policies);
        // Policies first: a workload must not name one that is not there yet.
        List<Rejection> rejections =
                new ArrayList<>(nodes.apply(TypeUrl.AUTHORIZATION, List.copyOf(authorizations), List.copyOf(gone)));
        Set<String> missing = new HashSet<>(others.keySet());
        addresses.forEach(address -> missing.remove(address.name()));
        rejections.addAll(apply(TypeUrl.ADDRESS, List.copyOf(addresses), List.copyOf(missing)));
        return rejections;
    }

    /** From now on nodes are told this of a workload of this machine, whatever others say of it. */
    synchronized void announce(Workload workload, Announced how) {
        local.put(workload.uid(), new Announcement(how, workload));
        List<Rejection> rejections = tell(Set.of(workload.uid()));
        if (!rejections.isEmpty()) {
            throw new IllegalArgumentException(rejections.toString());
        }
    }

    /** The agent has nothing to say of it any more. */
    synchronized void forget(String uid) {
        if (local.remove(uid) != null) {
            tell(Set.of(uid));
        }
    }

    private List<Rejection> tell(Collection<String> names) {
        List<NamedResource> upserts = new ArrayList<>();
        List<String> removals = new ArrayList<>();
        for (String name : names) {
            NamedResource resource = resource(name);
            if (resource == null) {
                removals.add(name);
            } else {
                upserts.add(resource);
            }
        }
        return nodes.apply(TypeUrl.ADDRESS, upserts, removals);
    }

    private @Nullable NamedResource resource(String name) {
        NamedResource other = others.get(name);
        Announcement announcement = local.get(name);
        if (announcement == null) {
            return other;
        }
        if (announcement.how() == Announced.NOTHING || announcement.workload() == null) {
            return null;
        }
        ByteString body = other != null ? other.body() : AddressCodec.encode(announcement.workload());
        return new NamedResource(
                name,
                "",
                other != null ? other.aliases() : List.of(),
                reached(body, announcement.how() == Announced.TUNNEL));
    }

    private static ByteString reached(ByteString body, boolean tunnel) {
        try {
            Address.Builder address = Address.parseFrom(body).toBuilder();
            address.getWorkloadBuilder().setTunnelProtocol(tunnel ? TunnelProtocol.HBONE : TunnelProtocol.NONE);
            return address.build().toByteString();
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException("not an istio.workload.Address: " + e.getMessage(), e);
        }
    }
}
