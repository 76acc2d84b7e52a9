package io.hbone.xds.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.Authority;
import io.hbone.core.Baggage;
import io.hbone.core.ConnectRequest;
import io.hbone.core.Forwarded;
import io.hbone.core.InboundRouter.Inbound;
import io.hbone.core.InboundRouter.Target;
import io.hbone.core.IpLiteral;
import io.hbone.core.Route;
import io.hbone.core.TraceParent;
import io.hbone.xds.store.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** spec/ztunnel.md 4.5: routes of which something has to be fetched first. */
class OnDemandRoutesTest {
    private static final String SELF =
            "- {uid: self, name: self, namespace: ns, serviceAccount: self, protocol: HBONE, workloadIps: [10.0.0.1],"
                    + " services: {}}\n";
    private static final String PEER =
            "- {uid: peer, name: peer, namespace: ns, protocol: HBONE, workloadIps: [10.0.0.2], services: {}}\n";
    private static final String GUARDED =
            "- {uid: peer, name: peer, namespace: ns, protocol: HBONE, workloadIps: [10.0.0.2],"
                    + " services: {}, waypoint: {destination: ns/wp.example}}\n";
    private static final String WAYPOINT =
            "- {uid: wp, name: wp, namespace: ns, protocol: HBONE, workloadIps: [10.0.0.9],"
                    + " services: {ns/wp.example: {}}}\n"
                    + "services:\n- {name: wp, namespace: ns, hostname: wp.example, vips: [], ports: {15008: 15008}}\n";

    private final List<String> asked = new ArrayList<>();
    private final CompletableFuture<Void> answer = new CompletableFuture<>();
    private Snapshot mesh = Meshes.of("workloads:\n" + SELF);

    private CompletableFuture<?> fetch(String name) {
        asked.add(name);
        return answer;
    }

    private CompletableFuture<Route> route() {
        return new StoreOutboundRouter(
                        () -> mesh, Meshes.settings(""), new Random(1), HostnameResolver.NONE, this::fetch)
                .route(Meshes.from("self", "10.0.0.1:4000", "10.0.0.2:80"))
                .toCompletableFuture();
    }

    private void arrives(String workloads) {
        mesh = Meshes.of("workloads:\n" + workloads);
        answer.complete(null);
    }

    @Test
    void destination_isFetchedByItsAddress_andRoutedByWhatHasCome() {
        CompletableFuture<Route> route = route();
        assertThat(asked).containsExactly("/10.0.0.2");
        assertThat(route).isNotDone();

        arrives(SELF + PEER);

        assertThat(route.join()).isInstanceOf(Route.Tunnel.class);
        assertThat(asked).hasSize(1);
    }

    @Test
    void destinationThatDoesNotExist_isDirect() {
        CompletableFuture<Route> route = route();

        arrives(SELF);

        assertThat(route.join()).isInstanceOf(Route.Direct.class);
    }

    @Test
    void ownWorkload_isFetchedByItsUid() {
        mesh = Meshes.of("workloads:\n" + PEER);
        CompletableFuture<Route> route = route();
        assertThat(asked).containsExactly("self");

        arrives(SELF + PEER);

        assertThat(route.join()).isInstanceOf(Route.Tunnel.class);
    }

    @Test
    void waypoint_isFetchedByItsName() {
        mesh = Meshes.of("workloads:\n" + SELF + GUARDED);
        CompletableFuture<Route> route = route();
        assertThat(asked).containsExactly("ns/wp.example");

        arrives(SELF + GUARDED + WAYPOINT);

        assertThat(IpLiteral.format(((Route.Tunnel) route.join()).peer())).isEqualTo("10.0.0.9:15008");
    }

    @Test
    void waypointThatDoesNotExist_isAskedForOnce_andNeverBypassed() {
        mesh = Meshes.of("workloads:\n" + SELF + GUARDED);
        CompletableFuture<Route> route = route();

        answer.complete(null);

        assertThat(route.join()).isInstanceOf(Route.Reject.class);
        assertThat(route.join().why()).startsWith("unknown waypoint");
        assertThat(asked).hasSize(1);
    }

    private CompletableFuture<Target> arrival(String authority) {
        ConnectRequest request = new ConnectRequest(
                Authority.parse(authority), Baggage.EMPTY, Forwarded.NONE, new TraceParent(1, 2, 3, 0), null);
        return new StoreInboundRouter(() -> mesh, "wp", Meshes.settings(""), this::fetch)
                .route(new Inbound(
                        Meshes.address("10.0.0.1:4000"),
                        Meshes.address("10.0.0.9:15008"),
                        Meshes.account("self"),
                        request))
                .toCompletableFuture();
    }

    /** A waypoint learns of what it stands for when it is asked to carry to it (5.1, step 4). */
    @Test
    void inbound_requestOfAWaypointForWhatIsNotKnown_isFetchedFirst() {
        mesh = Meshes.of("workloads:\n" + SELF + WAYPOINT);
        CompletableFuture<Target> target = arrival("10.0.0.2:80");
        assertThat(asked).containsExactly("/10.0.0.2");

        arrives(SELF + GUARDED + WAYPOINT);

        assertThat(target.join()).isInstanceOf(Target.Forward.class);
    }

    @Test
    void inbound_requestForWhatDoesNotExist_isRefusedAfterTheFetch() {
        mesh = Meshes.of("workloads:\n" + SELF + WAYPOINT);
        CompletableFuture<Target> target = arrival("10.0.0.2:80");

        answer.complete(null);

        assertThat(((Target.Refuse) target.join()).status()).isEqualTo(400);
    }
}
