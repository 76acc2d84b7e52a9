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
import java.net.InetAddress;
import java.net.UnknownHostException;
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
 * better: whether a workload of this machine is reached by HBONE at this moment, and that one of another machine is not yet, whatever
 * others say. Safe for use by any thread.
 */
public final class MeshDirectory implements ResourceSink {
    private final ResourceSink nodes;
    private final Map<String, NamedResource> others = new HashMap<>();
    private final Set<String> policies = new HashSet<>();
    private final Map<String, Announcement> local = new HashMap<>();
    private final @Nullable PeerArrivals arrivals;
    private final Map<String, Awaited> awaited = new HashMap<>();
    private boolean live;

    /** @param nodes is told everything; a server's resources, behind {@link io.hbone.xds.server.AddressAliases} as a rule */
    public MeshDirectory(ResourceSink nodes) {
        this(nodes, null);
    }

    /**
     * @param arrivals awaits, from {@link #live} on, workloads that others begin to say HBONE of; null when all is believed at once.
     *     Stays the caller's
     */
    public MeshDirectory(ResourceSink nodes, @Nullable PeerArrivals arrivals) {
        this.nodes = nodes;
        this.arrivals = arrivals;
    }

    /**
     * All that others had to say at the start is told: what is said from now on is news. A workload of another machine that becomes
     * one that is reached by HBONE is told as before until somebody listens there. What was told before this is believed at once, for it may have
     * been so for long, and nobody must be told to send plaintext because an agent was started.
     */
    public synchronized void live() {
        live = true;
    }

    /** How many workloads of other machines are not told as reached by HBONE yet. */
    int awaited() {
        return arrivals == null ? 0 : arrivals.awaited();
    }

    /** Those that are, although nobody was found to listen there; sorted. */
    List<String> unreached() {
        return arrivals == null ? List.of() : arrivals.unreached();
    }

    /** @param known whether it was told before, as reached without a tunnel */
    private record Awaited(InetAddress address, boolean known) {
        @Override
        public boolean equals(@Nullable Object other) {
            return this == other; // each time is another one
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    private record Announcement(Announced how, @Nullable Workload workload) {}

    /** Of workloads that the agent has announced it takes all but how they are reached. */
    @Override
    public synchronized List<Rejection> apply(String typeUrl, List<NamedResource> upserts, List<String> removals) {
        if (!typeUrl.equals(TypeUrl.ADDRESS)) {
            return nodes.apply(typeUrl, upserts, removals);
        }
        Set<String> names = new HashSet<>(removals);
        for (String name : removals) {
            others.remove(name);
            dismiss(name);
        }
        Set<String> networks = live ? networks() : Set.of();
        for (NamedResource resource : upserts) {
            String name = resource.name();
            NamedResource before = others.put(name, resource);
            names.add(name);
            if (!local.containsKey(name) && (before == null || !before.body().equals(resource.body()))) {
                boolean believed = before != null && !awaited.containsKey(name) && isTunnel(before);
                consider(resource, before != null, believed, networks);
            }
        }
        return tell(names);
    }

    /** Those that workloads of this machine are in: others are reached by gateways, and nobody is reached by nobody. */
    private Set<String> networks() {
        Set<String> networks = new HashSet<>();
        for (Announcement announcement : local.values()) {
            if (announcement.workload() != null) {
                networks.add(announcement.workload().network());
            }
        }
        return networks;
    }

    /**
     * Looks whether a workload is to be awaited.
     *
     * @param known whether nodes have been told of it
     * @param believed whether they have been told that it is reached by HBONE
     */
    private void consider(NamedResource resource, boolean known, boolean believed, Set<String> networks) {
        String name = resource.name();
        PeerArrivals awaiting = arrivals;
        InetAddress address = live && !believed ? address(resource, networks) : null;
        if (awaiting == null || address == null) {
            dismiss(name);
            return;
        }
        Awaited already = awaited.get(name);
        if (already != null && already.address().equals(address)) {
            return;
        }
        Awaited now = new Awaited(address, already == null ? known : already.known());
        awaited.put(name, now);
        awaiting.await(name, address, () -> arrived(name, now));
    }

    private void dismiss(String name) {
        awaited.remove(name);
        if (arrivals != null) {
            arrivals.dismiss(name);
        }
    }

    private synchronized void arrived(String name, Awaited which) {
        if (awaited.remove(name, which)) {
            tell(Set.of(name));
        }
    }

    /** Where a workload listens for HBONE; null for what is not reached by it, or not directly from here. */
    private static @Nullable InetAddress address(NamedResource resource, Set<String> networks) {
        try {
            Address address = Address.parseFrom(resource.body());
            io.hbone.xds.proto.workload.Workload workload = address.getWorkload();
            if (workload.getTunnelProtocol() != TunnelProtocol.HBONE
                    || workload.getAddressesCount() == 0
                    || !networks.contains(workload.getNetwork())) {
                return null;
            }
            return InetAddress.getByAddress(workload.getAddresses(0).toByteArray());
        } catch (InvalidProtocolBufferException | UnknownHostException e) {
            return null; // refused by those who are told of it
        }
    }

    private static boolean isTunnel(NamedResource resource) {
        try {
            return Address.parseFrom(resource.body()).getWorkload().getTunnelProtocol() == TunnelProtocol.HBONE;
        } catch (InvalidProtocolBufferException e) {
            return false;
        }
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
        dismiss(workload.uid());
        local.put(workload.uid(), new Announcement(how, workload));
        List<Rejection> rejections = tell(Set.of(workload.uid()));
        if (!rejections.isEmpty()) {
            throw new IllegalArgumentException(rejections.toString());
        }
    }

    /** The agent has nothing to say of it any more. */
    synchronized void forget(String uid) {
        Announcement before = local.remove(uid);
        if (before != null) {
            NamedResource other = others.get(uid);
            if (other != null) {
                consider(other, before.how() == Announced.PLAIN, before.how() == Announced.TUNNEL, networks());
            }
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
            Awaited waiting = awaited.get(name);
            return waiting == null || other == null ? other : waiting.known() ? plain(other) : null;
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

    private static NamedResource plain(NamedResource resource) {
        return new NamedResource(
                resource.name(), resource.version(), resource.aliases(), reached(resource.body(), false));
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
