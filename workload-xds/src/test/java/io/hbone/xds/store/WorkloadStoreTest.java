package io.hbone.xds.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.hbone.core.IpLiteral;
import io.hbone.core.Route.ServiceRef;
import io.hbone.core.SpiffeId;
import io.hbone.xds.NamedResource;
import io.hbone.xds.Rejection;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.model.AddressCodec;
import io.hbone.xds.model.Cidr;
import io.hbone.xds.model.IpFamilies;
import io.hbone.xds.model.LoadBalancing;
import io.hbone.xds.model.PortMap;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Vip;
import io.hbone.xds.model.Workload;
import io.hbone.xds.model.WorkloadBuilder;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WorkloadStoreTest {
    private static final ByteString GARBAGE = ByteString.copyFromUtf8("\u0001");

    private final WorkloadStore store = new WorkloadStore();

    private static WorkloadBuilder workload(String uid, String... addresses) {
        List<InetAddress> ips = new ArrayList<>();
        for (String address : addresses) {
            ips.add(ip(address));
        }
        return Workload.builder(uid, uid, SpiffeId.parse("spiffe://cluster.local/ns/ns/sa/sa"))
                .addresses(ips);
    }

    private static InetAddress ip(String text) {
        return IpLiteral.parse(text);
    }

    private static Service service(
            String namespace, String hostname, boolean canonical, boolean hidden, String... vips) {
        List<Vip> ranges = new ArrayList<>();
        for (String vip : vips) {
            int slash = vip.indexOf('/');
            ranges.add(new Vip(
                    "",
                    slash < 0
                            ? Cidr.of(ip(vip))
                            : Cidr.of(ip(vip.substring(0, slash)), Integer.parseInt(vip.substring(slash + 1)))));
        }
        return new Service(
                new ServiceRef(namespace, hostname, hostname),
                ranges,
                PortMap.of(Map.of(80, 8080)),
                Set.of(),
                null,
                List.of(),
                LoadBalancing.STANDARD,
                IpFamilies.AUTOMATIC,
                canonical,
                hidden);
    }

    private static Service service(String hostname, String... vips) {
        return service("ns", hostname, false, false, vips);
    }

    private static NamedResource resource(String name, Workload workload) {
        return new NamedResource(name, "1", AddressCodec.encode(workload));
    }

    private List<Rejection> apply(List<NamedResource> upserts, String... removals) {
        return store.apply(TypeUrl.ADDRESS, upserts, List.of(removals));
    }

    private String uidAt(String address) {
        Resource<Workload> found = store.snapshot().workloadAt("", ip(address));
        return found == null ? null : found.value().uid();
    }

    private String serviceAt(String address, String namespace) {
        Resource<Service> found = store.snapshot().serviceAt("", ip(address), namespace);
        return found == null ? null : found.name();
    }

    // ---- bad input

    @Test
    void apply_unknownType_isRejectedByName() {
        assertThat(store.apply(
                        "type.googleapis.com/x.Y",
                        List.of(resource("a", workload("a").build())),
                        List.of()))
                .containsExactly(new Rejection(
                        "a",
                        "type: \"type.googleapis.com/x.Y\" (expected: type.googleapis.com/istio.workload.Address)"));
    }

    @Test
    void apply_malformedAmongGoodOnes_theGoodOnesApply() {
        List<Rejection> rejections = apply(List.of(
                resource("a", workload("a", "10.0.0.1").build()),
                new NamedResource("bad", "1", GARBAGE),
                resource("c", workload("c", "10.0.0.3").build())));

        assertThat(rejections).singleElement().satisfies(rejection -> {
            assertThat(rejection.name()).isEqualTo("bad");
            assertThat(rejection.reason()).startsWith("not an istio.workload.Address");
        });
        assertThat(uidAt("10.0.0.1")).isEqualTo("a");
        assertThat(uidAt("10.0.0.3")).isEqualTo("c");
    }

    @Test
    void apply_malformedUpdate_keepsWhatWasHeld() {
        apply(List.of(resource("a", workload("a", "10.0.0.1").build())));

        apply(List.of(new NamedResource("a", "2", GARBAGE)));

        assertThat(uidAt("10.0.0.1")).isEqualTo("a");
        assertThat(store.snapshot().workload("a").version()).isEqualTo("1");
    }

    @Test
    void apply_duplicateUids_theFirstCountsAndTheOtherIsRejected() {
        List<Rejection> rejections = apply(List.of(
                resource("one", workload("uid", "10.0.0.1").build()),
                resource("two", workload("uid", "10.0.0.2").build())));

        assertThat(rejections)
                .containsExactly(
                        new Rejection("two", "uid: \"uid\" (expected: one that no other resource has, as one)"));
        assertThat(uidAt("10.0.0.1")).isEqualTo("uid");
        assertThat(uidAt("10.0.0.2")).isNull();
    }

    @Test
    void apply_duplicateUidWhoseOtherHolderIsRemoved_isTaken() {
        apply(List.of(resource("one", workload("uid", "10.0.0.1").build())));

        assertThat(apply(List.of(resource("two", workload("uid", "10.0.0.2").build())), "one"))
                .isEmpty();
        assertThat(uidAt("10.0.0.2")).isEqualTo("uid");
    }

    @Test
    void apply_sameNameTwice_theLastCounts() {
        apply(List.of(
                resource("a", workload("a", "10.0.0.1").build()),
                resource("a", workload("a", "10.0.0.2").build())));

        assertThat(uidAt("10.0.0.1")).isNull();
        assertThat(uidAt("10.0.0.2")).isEqualTo("a");
    }

    /** A batch "removed x, created x" of a server that does not fold must not leave x removed. */
    @Test
    void apply_upsertAndRemovalOfOneName_theUpsertCounts() {
        apply(List.of(resource("a", workload("a", "10.0.0.1").build())));

        apply(List.of(resource("a", workload("a", "10.0.0.2").build())), "a");

        assertThat(uidAt("10.0.0.2")).isEqualTo("a");
    }

    @Test
    void apply_resourceThatIsNotCalledWhatItHolds_isRemovedByItsName() {
        apply(List.of(resource("alias", workload("uid", "10.0.0.1").build())));

        apply(List.of(), "uid");
        assertThat(uidAt("10.0.0.1")).isEqualTo("uid");
        apply(List.of(), "alias");
        assertThat(uidAt("10.0.0.1")).isNull();
    }

    @Test
    void apply_nameThatNowHoldsAnotherUid_forgetsTheOld() {
        apply(List.of(resource("name", workload("old", "10.0.0.1").build())));

        apply(List.of(resource("name", workload("new", "10.0.0.2").build())));

        assertThat(uidAt("10.0.0.1")).isNull();
        assertThat(uidAt("10.0.0.2")).isEqualTo("new");
        assertThat(store.snapshot().workloadCount()).isEqualTo(1);
    }

    // ---- addresses of workloads

    @Test
    void addressOfTwo_highestRankWins_spec44() {
        store.put(workload("entry", "10.0.0.1").build(), "");
        store.put(workload("entry2", "10.0.0.1").enrolled(true).build(), "");
        assertThat(uidAt("10.0.0.1")).isEqualTo("entry2");
        store.put(workload("c//Pod/ns/p", "10.0.0.1").build(), "");
        assertThat(uidAt("10.0.0.1")).isEqualTo("c//Pod/ns/p");
        store.put(workload("c//Pod/ns/q", "10.0.0.1").enrolled(true).build(), "");
        assertThat(uidAt("10.0.0.1")).isEqualTo("c//Pod/ns/q");
        store.remove(List.of("c//Pod/ns/q", "c//Pod/ns/p"));
        assertThat(uidAt("10.0.0.1")).isEqualTo("entry2");
    }

    @Test
    void addressUsedAgain_belongsToTheNewcomer_evenWhenTheOldOneIsUpdated() {
        store.put(workload("old", "10.0.0.1").build(), "1");
        store.put(workload("new", "10.0.0.1").build(), "1");
        store.put(workload("old", "10.0.0.1").healthy(false).build(), "2");

        assertThat(uidAt("10.0.0.1")).isEqualTo("new");
        store.remove(List.of("new"));
        assertThat(uidAt("10.0.0.1")).isEqualTo("old");
        assertThat(store.snapshot().workloadAt("", ip("10.0.0.1")).version()).isEqualTo("2");
    }

    @Test
    void hostNetworkWorkload_doesNotClaimItsMachinesAddress() {
        store.put(workload("host", "10.0.0.1").hostNetwork(true).build(), "");

        assertThat(uidAt("10.0.0.1")).isNull();
    }

    @Test
    void update_movesEveryIndex() {
        store.put(workload("a", "10.0.0.1").hostname("a.example").network("").build(), "1");
        store.put(
                Workload.builder("a", "renamed", SpiffeId.parse("spiffe://cluster.local/ns/other/sa/sb"))
                        .network("n2")
                        .hostname("b.example")
                        .addresses(List.of(ip("10.0.0.1")))
                        .build(),
                "2");

        Snapshot snapshot = store.snapshot();
        assertThat(uidAt("10.0.0.1")).isNull();
        assertThat(snapshot.workloadAt("n2", ip("10.0.0.1")).name()).isEqualTo("a");
        assertThat(snapshot.workloadByHostname("ns", "a.example")).isNull();
        assertThat(snapshot.workloadByHostname("other", "b.example").name()).isEqualTo("a");
        assertThat(snapshot.workload("ns", "a", "sa")).isNull();
        assertThat(snapshot.workload("other", "renamed", "sb").name()).isEqualTo("a");
        assertThat(snapshot.workloadsOf(SpiffeId.parse("spiffe://cluster.local/ns/ns/sa/sa")))
                .isEmpty();
        assertThat(snapshot.workloadsOf(SpiffeId.parse("spiffe://cluster.local/ns/other/sa/sb")))
                .hasSize(1);
        assertThat(snapshot.workloadsOf(SpiffeId.parse("spiffe://foreign/ns/other/sa/sb")))
                .isEmpty();
    }

    // ---- services

    @Test
    void endpoints_areJoinedInEitherOrder() {
        Workload workload = workload("a", "10.0.0.1")
                .services(Map.of("ns/svc", PortMap.of(Map.of(80, 1))))
                .build();
        store.put(workload, "");
        List<String> staged = new ArrayList<>();
        store.snapshot().forEachStaged(staged::add);
        assertThat(staged).containsExactly("ns/svc");
        store.put(service("svc", "10.9.0.1"), "");
        assertThat(store.snapshot().endpoints("ns/svc")).hasSize(1);

        store.remove(List.of("ns/svc"));
        store.put(service("svc", "10.9.0.1"), "");
        assertThat(store.snapshot().endpoints("ns/svc").get(0).ports().target(80))
                .isEqualTo(1);

        store.put(workload("a", "10.0.0.1").build(), "");
        assertThat(store.snapshot().endpoints("ns/svc")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        // an address before a range, a longer prefix before a shorter one
        "10.9.0.1, ns, ns/exact",
        "10.9.0.2, ns, ns/narrow",
        "10.9.1.1, ns, ns/wide",
        "10.8.0.1, ns, ",
        // the caller's namespace before a longer prefix
        "10.9.0.2, other, other/theirs",
        "'2001:db8::1', ns, ns/six",
        "'2001:db9::1', ns, "
    })
    void rangesOfAddresses_areFoundByTheRule(String address, String namespace, String expected) {
        store.put(service("exact", "10.9.0.1"), "");
        store.put(service("narrow", "10.9.0.0/24"), "");
        store.put(service("wide", "10.9.0.0/16"), "");
        store.put(service("other", "theirs", false, false, "10.9.0.0/20"), "");
        store.put(service("six", "2001:db8::/32"), "");

        assertThat(serviceAt(address, namespace)).isEqualTo(expected);
    }

    @Test
    void rangeThatIsGone_isNotFoundAnyMore() {
        store.put(service("range", "10.9.0.0/24"), "");
        store.remove(List.of("ns/range"));

        assertThat(serviceAt("10.9.0.1", "ns")).isNull();
    }

    @Test
    void addressOfTwoServices_ownNamespaceThenCanonicalThenFirst() {
        store.put(service("a", "first", false, false, "10.9.0.1"), "");
        store.put(service("b", "second", false, false, "10.9.0.1"), "");
        assertThat(serviceAt("10.9.0.1", "x")).isEqualTo("a/first");
        assertThat(serviceAt("10.9.0.1", "b")).isEqualTo("b/second");
        store.put(service("c", "canonical", true, false, "10.9.0.1"), "");
        assertThat(serviceAt("10.9.0.1", "x")).isEqualTo("c/canonical");
        assertThat(serviceAt("10.9.0.1", "b")).isEqualTo("b/second");
        store.put(service("d", "hidden", true, true, "10.9.0.1"), "");
        assertThat(serviceAt("10.9.0.1", "d")).isEqualTo("d/hidden");
        assertThat(serviceAt("10.9.0.1", "x")).isEqualTo("c/canonical");
    }

    @Test
    void hiddenService_doesNotHideARange() {
        store.put(service("other", "hidden", false, true, "10.9.0.1"), "");
        store.put(service("range", "10.9.0.0/24"), "");

        assertThat(serviceAt("10.9.0.1", "ns")).isEqualTo("ns/range");
    }

    // ---- batches

    @Test
    void snapshot_inAReadersHands_doesNotChange() {
        store.put(workload("a", "10.0.0.1").build(), "");
        Snapshot before = store.snapshot();
        store.remove(List.of("a"));

        assertThat(before.workload("a")).isNotNull();
        assertThat(before.workloadAt("", ip("10.0.0.1"))).isNotNull();
        assertThat(store.snapshot().workload("a")).isNull();
        assertThat(store.snapshot().revision()).isGreaterThan(before.revision());
    }

    @Test
    void listener_isToldWhatChanged() {
        store.put(workload("a").authorizationPolicies(List.of("ns/p")).build(), "");
        List<StoreChange> changes = new ArrayList<>();
        store.addListener(changes::add);

        store.put(workload("a").authorizationPolicies(List.of("ns/q")).build(), "");
        store.put(service("svc"), "");
        store.remove(List.of("a", "nobody"));
        store.remove(List.of("nobody"));

        assertThat(changes).hasSize(3);
        assertThat(StoreChange.changesPolicies(changes.get(0).workloads().get("a")))
                .isTrue();
        assertThat(changes.get(1).services()).containsOnlyKeys("ns/svc");
        assertThat(changes.get(2).workloads().get("a").after()).isNull();
    }

    @Test
    void listenerThatFails_doesNotKeepOthersFromBeingTold() {
        List<StoreChange> changes = new ArrayList<>();
        store.addListener(change -> {
            throw new IllegalStateException("a listener's own trouble");
        });
        store.addListener(changes::add);

        store.put(workload("a").build(), "");

        assertThat(changes).hasSize(1);
    }

    @Test
    void keepEncoded_passesOnWhatCame() {
        WorkloadStore keeping = new WorkloadStore(AddressCodec.DEFAULT_TRUST_DOMAIN, true);
        NamedResource resource = resource("a", workload("a", "10.0.0.1").build());
        keeping.apply(TypeUrl.ADDRESS, List.of(resource), List.of());

        assertThat(keeping.snapshot().workload("a").encoded()).isEqualTo(resource.body());
        keeping.put(workload("b").build(), "7");
        assertThat(keeping.snapshot().workload("b").encoded())
                .isEqualTo(AddressCodec.encode(workload("b").build()));
    }

    /** Any sequence of batches leaves what a store that is filled at once has. */
    @Test
    void manyBatches_leaveWhatOneBatchWould() {
        Random random = new Random(42);
        Map<String, Workload> expected = new HashMap<>();
        for (int batch = 0; batch < 300; batch++) {
            List<NamedResource> upserts = new ArrayList<>();
            List<String> removals = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                String uid = "w" + random.nextInt(400);
                if (random.nextInt(3) == 0) {
                    removals.add(uid);
                } else {
                    Workload workload = workload(uid, "10.0." + random.nextInt(2) + "." + random.nextInt(250))
                            .services(Map.of("ns/s" + random.nextInt(10), PortMap.EMPTY))
                            .build();
                    upserts.add(resource(uid, workload));
                }
            }
            assertThat(store.apply(TypeUrl.ADDRESS, upserts, removals)).isEmpty();
            for (String uid : removals) {
                expected.remove(uid);
            }
            for (NamedResource resource : upserts) {
                try {
                    expected.put(
                            resource.name(),
                            ((AddressCodec.DecodedWorkload) new AddressCodec().decode(resource.body())).value());
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            }
        }

        Snapshot snapshot = store.snapshot();
        assertThat(snapshot.workloadCount()).isEqualTo(expected.size());
        Map<String, Set<String>> endpoints = new HashMap<>();
        Set<InetAddress> addresses = new java.util.HashSet<>();
        expected.forEach((uid, workload) -> {
            assertThat(snapshot.workload(uid).value()).isEqualTo(workload);
            addresses.addAll(workload.addresses());
            workload.services()
                    .keySet()
                    .forEach(key -> endpoints
                            .computeIfAbsent(key, k -> new java.util.HashSet<>())
                            .add(uid));
        });
        endpoints.forEach((key, uids) -> assertThat(snapshot.endpoints(key))
                .extracting(endpoint -> endpoint.workload().name())
                .containsExactlyInAnyOrderElementsOf(uids));
        for (int third = 0; third < 2; third++) {
            for (int last = 0; last < 250; last++) {
                InetAddress address = ip("10.0." + third + "." + last);
                Resource<Workload> found = snapshot.workloadAt("", address);
                assertThat(found != null).isEqualTo(addresses.contains(address));
                assertThat(found == null || found.value().addresses().contains(address))
                        .isTrue();
            }
        }
    }
}
