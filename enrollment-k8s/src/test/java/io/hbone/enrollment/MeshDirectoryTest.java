package io.hbone.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.SpiffeId;
import io.hbone.xds.NamedResource;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.model.AddressCodec;
import io.hbone.xds.model.Workload;
import io.hbone.xds.server.MeshResources;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class MeshDirectoryTest {
    private final MeshResources nodes = new MeshResources();
    private final MeshDirectory mesh = new MeshDirectory(nodes);

    private static Workload workload(String uid, String canonicalName, boolean enrolled) {
        return Workload.builder(uid, uid, SpiffeId.parseStrict("spiffe://cluster.local/ns/shop/sa/cart"))
                .canonicalName(canonicalName)
                .enrolled(enrolled)
                .build();
    }

    private static NamedResource resource(Workload workload) {
        return new NamedResource(workload.uid(), "", AddressCodec.encode(workload));
    }

    private Map<String, String> told() throws Exception {
        Map<String, String> told = new TreeMap<>();
        for (NamedResource resource : nodes.snapshot(TypeUrl.ADDRESS)) {
            Workload workload = ((AddressCodec.DecodedWorkload) new AddressCodec().decode(resource.body())).value();
            told.put(workload.uid(), workload.canonicalName() + (workload.enrolled() ? " tunnel" : " plain"));
        }
        return told;
    }

    @Test
    void announcement_says_howAWorkloadIsReachedNow_whateverItShallBe() throws Exception {
        mesh.announce(workload("a", "carts", true), Announced.PLAIN);
        assertThat(told()).containsExactly(Map.entry("a", "carts plain"));
        mesh.announce(workload("a", "carts", true), Announced.TUNNEL);
        assertThat(told()).containsExactly(Map.entry("a", "carts tunnel"));
        mesh.announce(workload("a", "carts", true), Announced.NOTHING);
        assertThat(told()).isEmpty();
    }

    @Test
    void announcement_countsMoreThanWhatOthersSay_untilItIsForgotten() throws Exception {
        mesh.apply(TypeUrl.ADDRESS, List.of(resource(workload("a", "others", true))), List.of());
        mesh.apply(TypeUrl.ADDRESS, List.of(resource(workload("b", "others", true))), List.of());
        mesh.announce(workload("a", "own", true), Announced.PLAIN);
        assertThat(told()).containsExactly(Map.entry("a", "others plain"), Map.entry("b", "others tunnel"));
        mesh.apply(TypeUrl.ADDRESS, List.of(resource(workload("a", "changed", true))), List.of());
        assertThat(told()).containsEntry("a", "changed plain");
        mesh.apply(TypeUrl.ADDRESS, List.of(), List.of("a", "b"));
        assertThat(told()).containsExactly(Map.entry("a", "own plain"));
        mesh.apply(TypeUrl.ADDRESS, List.of(resource(workload("a", "others", true))), List.of());
        mesh.forget("a");
        assertThat(told()).containsExactly(Map.entry("a", "others tunnel"));
    }

    @Test
    void replace_removesWhatIsNotSaidAnyMore_andLeavesAnnouncements() throws Exception {
        mesh.announce(workload("a", "own", true), Announced.TUNNEL);
        mesh.replace(
                List.of(resource(workload("b", "others", true)), resource(workload("c", "others", false))),
                List.of(new NamedResource("shop/p", "", AddressCodec.encode(workload("x", "", false)))));
        assertThat(told().keySet()).containsExactly("a", "b", "c");
        assertThat(nodes.snapshot(TypeUrl.AUTHORIZATION)).hasSize(1);
        mesh.replace(List.of(resource(workload("c", "others", false))), List.of());
        assertThat(told().keySet()).containsExactly("a", "c");
        assertThat(nodes.snapshot(TypeUrl.AUTHORIZATION)).isEmpty();
    }

    private static NamedResource peer(String uid, String address, boolean enrolled) throws Exception {
        return resource(Workload.builder(uid, uid, SpiffeId.parseStrict("spiffe://cluster.local/ns/shop/sa/cart"))
                .addresses(List.of(InetAddress.getByName(address)))
                .enrolled(enrolled)
                .build());
    }

    /** Others are told of another machine's workload; this machine has one, too, as it has clients for it. */
    private void say(NamedResource... resources) {
        assertThat(awaiting.apply(TypeUrl.ADDRESS, List.of(resources), List.of()))
                .isEmpty();
        time.settle();
    }

    private final ManualTime time = new ManualTime();
    private final FakePeers peers = new FakePeers();
    private final MeshDirectory awaiting = new MeshDirectory(
            nodes, new PeerArrivals(new AgentLoop(time, time), peers, Duration.ofSeconds(5), new Random(1)));

    @Test
    void defect_peerThatIsSaidToBeEnrolled_isTold_whenSomebodyListens() throws Exception {
        awaiting.announce(workload("own", "", true), Announced.PLAIN);
        awaiting.live();
        say(peer("a", "10.0.0.1", false));
        assertThat(told()).containsEntry("a", " plain");
        say(peer("a", "10.0.0.1", true), peer("new", "10.0.0.2", true));
        assertThat(told()).containsEntry("a", " plain").doesNotContainKey("new");
        assertThat(awaiting.awaited()).isEqualTo(2);

        peers.listening.add("10.0.0.1");
        time.advance(Duration.ofSeconds(1));
        assertThat(told()).containsEntry("a", " tunnel").doesNotContainKey("new");

        time.advance(Duration.ofSeconds(5));
        assertThat(told()).as("failing closed").containsEntry("new", " tunnel");
        assertThat(awaiting.awaited()).isZero();
        assertThat(awaiting.unreached()).containsExactly("new");
        say(peer("new", "10.0.0.2", false));
        assertThat(told()).containsEntry("new", " plain");
        assertThat(awaiting.unreached()).isEmpty();
    }

    @Test
    void whatIsSaidAtTheStart_isToldAtOnce() throws Exception {
        awaiting.announce(workload("own", "", true), Announced.PLAIN);
        say(peer("a", "10.0.0.1", true));
        assertThat(told()).containsEntry("a", " tunnel");
        awaiting.live();
        awaiting.replace(List.of(peer("a", "10.0.0.1", true)), List.of());
        time.settle();
        assertThat(told()).containsEntry("a", " tunnel");
        assertThat(peers.tried).isEmpty();
    }

    @Test
    void awaitedPeer_thatIsChangedOrLeaves_isToldAsItIs() throws Exception {
        awaiting.announce(workload("own", "", true), Announced.PLAIN);
        awaiting.live();
        say(peer("a", "10.0.0.1", false));
        say(peer("a", "10.0.0.1", true));
        say(peer("a", "10.0.0.3", true));
        assertThat(told()).containsEntry("a", " plain");
        peers.listening.add("10.0.0.1");
        time.advance(Duration.ofSeconds(1));
        assertThat(told()).containsEntry("a", " plain");
        peers.listening.add("10.0.0.3");
        time.advance(Duration.ofSeconds(1));
        assertThat(told()).containsEntry("a", " tunnel");

        say(peer("a", "10.0.0.4", false));
        say(peer("a", "10.0.0.4", true));
        awaiting.apply(TypeUrl.ADDRESS, List.of(), List.of("a"));
        peers.listening.add("10.0.0.4");
        time.advance(Duration.ofSeconds(10));
        assertThat(told()).containsOnlyKeys("own");
        assertThat(awaiting.awaited()).isZero();
    }

    @Test
    void workloadOfThisMachine_isNotAwaited() throws Exception {
        awaiting.announce(workload("a", "", true), Announced.PLAIN);
        awaiting.live();
        say(peer("a", "10.0.0.1", true));
        awaiting.announce(workload("a", "", true), Announced.TUNNEL);
        time.settle();
        assertThat(told()).containsEntry("a", " tunnel");
        assertThat(peers.tried).isEmpty();
        awaiting.forget("a");
        time.settle();
        assertThat(told()).containsEntry("a", " tunnel");
    }
}
