package io.hbone.xds.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.Authority;
import io.hbone.core.OutboundRouter.Outbound;
import io.hbone.core.Route;
import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.core.WorkloadIdentity;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.file.LocalFile;
import io.hbone.xds.store.Snapshot;
import io.hbone.xds.store.WorkloadStore;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Meshes written down as local files, and questions to them. */
final class Meshes {
    static final TrustDomain TRUST_DOMAIN = TrustDomain.of("cluster.local");

    private Meshes() {}

    static Snapshot of(String yaml) {
        WorkloadStore store = new WorkloadStore();
        LocalFile file = LocalFile.parse(yaml, TRUST_DOMAIN);
        assertThat(store.apply(TypeUrl.ADDRESS, file.addresses(), List.of())).isEmpty();
        return store.snapshot();
    }

    static RoutingSettings settings(String network) {
        return new RoutingSettings(network, Set.of(15001, 15006, 15008), true, true, true);
    }

    static StoreOutboundRouter outbound(Snapshot mesh) {
        return new StoreOutboundRouter(() -> mesh, settings(""), new Random(7));
    }

    static SpiffeId account(String name) {
        return SpiffeId.parse("spiffe://cluster.local/ns/ns/sa/" + name);
    }

    static InetSocketAddress address(String text) {
        Authority authority = Authority.parse(text);
        return new InetSocketAddress(authority.address(), authority.port());
    }

    static Outbound from(String uid, String client, String destination) {
        return new Outbound(new WorkloadIdentity(uid, account(uid)), address(client), address(destination));
    }

    static Route route(Snapshot mesh, Outbound connection) {
        return outbound(mesh).route(connection).toCompletableFuture().join();
    }
}
