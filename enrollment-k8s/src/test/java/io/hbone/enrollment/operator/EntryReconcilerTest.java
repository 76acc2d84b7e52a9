package io.hbone.enrollment.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Status;
import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.enrollment.operator.RegistrationEntry.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EntryReconcilerTest {
    private static final TrustDomain DOMAIN = TrustDomain.of("example.org");
    private static final EntryTemplate TEMPLATE = template("c1", Duration.ZERO);

    private final FakeAccounts accounts = new FakeAccounts();
    private final FakeEntries spire = new FakeEntries();
    private final Map<String, NamespaceReport> reports = new HashMap<>();
    private final Map<String, Integer> counts = new HashMap<>();
    private boolean leading = true;
    private EntryReconciler reconciler = reconciler(TEMPLATE);

    @Test
    void enrolledNamespace_hasAnEntryForEachOfItsServiceAccounts() {
        accounts.enroll("shop", "default", "cart");

        assertThat(reconcile("shop")).isEmpty();

        assertThat(ids())
                .containsExactly("spiffe://example.org/ns/shop/sa/cart", "spiffe://example.org/ns/shop/sa/default");
        RegistrationEntry cart = entry("shop", "cart");
        assertThat(cart.parent()).isEqualTo(new SpiffeId(DOMAIN, "/ztunnel"));
        assertThat(cart.selectors())
                .containsExactlyInAnyOrder(new Selector("k8s", "ns:shop"), new Selector("k8s", "sa:cart"));
        assertThat(cart.ttlSeconds()).isZero();
        assertThat(reports.get("shop")).isEqualTo(new NamespaceReport("shop", true, 2, 2, 0, ""));
    }

    @Test
    void namespaceThatLeaves_hasNoEntries() {
        accounts.enroll("shop", "default").enroll("bank", "default");
        reconcile("shop", "bank");
        accounts.unenroll("shop");

        reconcile("shop");

        assertThat(ids()).containsExactly("spiffe://example.org/ns/bank/sa/default");
        assertThat(reports.get("shop")).isEqualTo(new NamespaceReport("shop", false, 0, 0, 0, ""));
    }

    @Test
    void accountsThatComeAndGo_areFollowed() {
        accounts.enroll("shop", "default", "cart");
        reconcile("shop");
        accounts.enroll("shop", "default", "pay");

        reconcile("shop");

        assertThat(ids())
                .containsExactly("spiffe://example.org/ns/shop/sa/default", "spiffe://example.org/ns/shop/sa/pay");
    }

    /** Each update has agents sign anew whatever it is about (spec/spire.md 3.2). */
    @Test
    void whatIsAsItShouldBe_isNotSentAgain() {
        accounts.enroll("shop", "default", "cart");
        reconcile("shop");
        spire.calls.clear();

        reconcile("shop");
        assertThat(spire.calls).isEmpty();

        reconciler.doubt();
        reconcile("shop");
        assertThat(spire.calls).containsExactly("list");
    }

    @Test
    void manyNamespaces_areSentInFewCalls() {
        for (int i = 0; i < 100; i++) {
            accounts.enroll("ns" + i, "a", "b", "c", "d", "e");
        }

        reconcile("ns0");

        assertThat(spire.entries).hasSize(500);
        assertThat(spire.calls).containsExactly("list", "create 200", "create 200", "create 100");
        assertThat(counts).containsExactlyInAnyOrderEntriesOf(Map.of("upsert ok", 500));
    }

    /** GAP of Cilium (spec/cilium.md 5.4): what is left of a namespace that went while no operator was there stays for ever. */
    @Test
    void orphansOfANamespaceThatWentWhileNobodyLooked_areRemoved() {
        accounts.enroll("gone", "default", "cart").enroll("shop", "default", "old");
        reconcile("shop");
        accounts.unenroll("gone");
        accounts.enroll("shop", "default");
        reconciler = reconciler(TEMPLATE);

        reconcile("");

        assertThat(ids()).containsExactly("spiffe://example.org/ns/shop/sa/default");
        assertThat(reports.get("gone").enrolled()).isFalse();
    }

    @Test
    void othersEntries_areNeverTouched() {
        RegistrationEntry alias = new RegistrationEntry(
                "7c0a7a4e",
                new SpiffeId(DOMAIN, "/agent"),
                new SpiffeId(DOMAIN, "/spire/server"),
                Set.of(new Selector("x", "y")),
                0);
        RegistrationEntry otherCluster = template("c2", Duration.ZERO).of("shop", "pay");
        RegistrationEntry longerName = template("c11", Duration.ZERO).of("shop", "ship");
        List.of(alias, otherCluster, longerName).forEach(each -> spire.entries.put(each.id(), each));
        accounts.enroll("shop", "default");
        reconcile("shop");
        accounts.unenroll("shop");

        reconcile("shop");

        assertThat(spire.entries.values()).containsExactlyInAnyOrder(alias, otherCluster, longerName);
    }

    @Test
    void identityThatSomebodyElseHasRegistered_isGoodEnoughAndStaysTheirs() {
        RegistrationEntry theirs = template("cilium", Duration.ofHours(2)).of("shop", "cart");
        spire.entries.put(theirs.id(), theirs);
        accounts.enroll("shop", "default", "cart");

        assertThat(reconcile("shop")).isEmpty();

        assertThat(reports.get("shop")).isEqualTo(new NamespaceReport("shop", true, 2, 1, 1, ""));
        assertThat(spire.entries).containsEntry(theirs.id(), theirs);
    }

    @Test
    void identityThatSomebodyElseTookBack_isRegistered() {
        RegistrationEntry theirs = template("cilium", Duration.ZERO).of("shop", "cart");
        spire.entries.put(theirs.id(), theirs);
        accounts.enroll("shop", "cart");
        reconcile("shop");
        spire.entries.clear();

        reconciler.doubt();
        reconcile("");

        assertThat(spire.entries).containsOnlyKeys(TEMPLATE.of("shop", "cart").id());
        assertThat(reports.get("shop").foreign()).isZero();
    }

    @Test
    void changedLifetime_isUpdatedInPlace() {
        accounts.enroll("shop", "default");
        reconcile("shop");
        String before = entry("shop", "default").id();
        reconciler = reconciler(template("c1", Duration.ofMinutes(30)));
        spire.calls.clear();

        reconcile("");

        assertThat(spire.calls).containsExactly("list", "update 1");
        assertThat(entry("shop", "default").id()).isEqualTo(before);
        assertThat(entry("shop", "default").ttlSeconds()).isEqualTo(1800);
    }

    @Test
    void newParent_getsItsEntryBeforeTheOldOneGoes() {
        accounts.enroll("shop", "default");
        reconcile("shop");
        reconciler = reconciler(new EntryTemplate(DOMAIN, "/node", "c1", Duration.ZERO));
        spire.calls.clear();

        reconcile("");

        assertThat(spire.calls).containsExactly("list", "create 1", "delete 1");
        assertThat(entry("shop", "default").parent().path()).isEqualTo("/node");
    }

    @Test
    void entryThatSomebodyHasChanged_isPutRightAndNotRemoved() {
        accounts.enroll("shop", "default").enroll("other", "default");
        reconcile("shop");
        RegistrationEntry good = entry("shop", "default");
        List<RegistrationEntry> changes = List.of(
                new RegistrationEntry(
                        good.id(), good.spiffeId(), good.parent(), Set.of(new Selector("unix", "uid:0")), 0),
                new RegistrationEntry(good.id(), new SpiffeId(DOMAIN, "/admin"), good.parent(), good.selectors(), 0),
                new RegistrationEntry(
                        good.id(), new SpiffeId(DOMAIN, "/ns/other/sa/evil"), good.parent(), good.selectors(), 0),
                new RegistrationEntry(
                        good.id(), good.spiffeId(), new SpiffeId(DOMAIN, "/spire/server"), good.selectors(), 9));
        for (RegistrationEntry changed : changes) {
            spire.entries.put(good.id(), changed);

            reconciler.doubt();
            assertThat(reconcile("")).isEmpty();

            assertThat(spire.entries)
                    .as("%s", changed)
                    .containsEntry(good.id(), good)
                    .hasSize(2);
        }
    }

    @Test
    void entryThatWentBehindTheOperatorsBack_isRegisteredAgain() {
        accounts.enroll("shop", "default");
        reconcile("shop");
        spire.entries.clear();
        reconciler.doubt();

        reconcile("");

        assertThat(ids()).containsExactly("spiffe://example.org/ns/shop/sa/default");
    }

    /** A call that goes well says nothing about its items (spec/spire.md 3.2), and one bad item nothing about the others. */
    @Test
    void itemThatFails_isToldOfItsNamespaceAloneAndTriedAgain() {
        accounts.enroll("shop", "default", "cart").enroll("bank", "default");
        String bad = TEMPLATE.of("shop", "cart").id();
        spire.refusal =
                id -> id.equals(bad) ? new EntryApi.Result(Status.Code.INTERNAL, "database is locked", null) : null;

        assertThat(reconcile("shop", "bank")).containsExactly("shop");

        assertThat(reports.get("bank").problem()).isEmpty();
        assertThat(reports.get("shop").registered()).isEqualTo(1);
        assertThat(reports.get("shop").problem())
                .isEqualTo(
                        "the SPIRE server did not register spiffe://example.org/ns/shop/sa/cart: INTERNAL database is"
                                + " locked");
        assertThat(counts).containsEntry("upsert ok", 2).containsEntry("upsert failed", 1);
        spire.refusal = id -> null;
        assertThat(reconcile("shop")).isEmpty();
        assertThat(reports.get("shop")).isEqualTo(new NamespaceReport("shop", true, 2, 2, 0, ""));
    }

    @Test
    void removalThatFails_isToldAndTriedAgain() {
        accounts.enroll("shop", "default");
        reconcile("shop");
        accounts.unenroll("shop");
        spire.refusal = id -> new EntryApi.Result(Status.Code.INTERNAL, "database is locked", null);

        assertThat(reconcile("shop")).containsExactly("shop");
        assertThat(reports.get("shop").problem()).contains("did not remove").contains("database is locked");

        spire.refusal = id -> null;
        assertThat(reconcile("shop")).isEmpty();
        assertThat(spire.entries).isEmpty();
    }

    @Test
    void serverThatIsAway_isToldOfAllNamespacesAndNothingIsForgotten() {
        accounts.enroll("shop", "default").enroll("bank", "default");
        spire.outage = call -> "nobody there";

        assertThatThrownBy(() -> reconcile("shop")).isInstanceOf(SpireException.class);
        assertThatThrownBy(() -> reconcile("shop")).isInstanceOf(SpireException.class);
        assertThat(reports.get("shop")).isEqualTo(new NamespaceReport("shop", true, 0, 0, 0, "nobody there"));
        assertThat(reports.get("bank")).isEqualTo(new NamespaceReport("bank", true, 0, 0, 0, "nobody there"));

        spire.outage = call -> null;
        reconcile("shop");
        assertThat(ids()).hasSize(2);
    }

    /** DEFECT: a server that once took too long was told at each namespace, and taken back at each. */
    @Test
    void serverThatIsAwayOnce_isToldOfNoNamespace() {
        accounts.enroll("shop", "default").enroll("bank", "default");
        spire.outage = call -> call.equals("create") ? "too late" : null;
        assertThatThrownBy(() -> reconcile("shop", "bank")).isInstanceOf(SpireException.class);
        assertThat(reports).isEmpty();

        spire.outage = call -> null;
        reconcile("shop", "bank");
        assertThat(reports.values())
                .containsExactlyInAnyOrder(
                        new NamespaceReport("shop", true, 1, 1, 0, ""), new NamespaceReport("bank", true, 1, 1, 0, ""));
    }

    /** DEFECT: namespaces that had all of their entries were told to have none while the server was away. */
    @Test
    void serverThatStaysAway_isToldOfNamespacesThatWaitForIt_andOfNoOthers() {
        accounts.enroll("done", "default").enroll("grows", "default");
        reconcile("done", "grows");
        accounts.enroll("grows", "default", "cart").enroll("comes", "default");
        accounts.enroll("goes", "default");
        reconcile("goes");
        accounts.unenroll("goes");
        spire.outage = call -> "nobody there";

        for (int i = 0; i < 3; i++) {
            reconciler.doubt();
            assertThatThrownBy(() -> reconcile("grows", "comes", "goes")).isInstanceOf(SpireException.class);
        }

        assertThat(reports.values())
                .containsExactlyInAnyOrder(
                        new NamespaceReport("done", true, 1, 1, 0, ""),
                        new NamespaceReport("grows", true, 2, 1, 0, "nobody there"),
                        new NamespaceReport("comes", true, 1, 0, 0, "nobody there"),
                        new NamespaceReport("goes", false, 0, 0, 0, "nobody there"));
    }

    /** Whether the server has done what it did not answer any more is not known before it is looked at. */
    @Test
    void answerThatIsLost_leavesNoDoubleAndNoOrphan() {
        accounts.enroll("shop", "default", "cart");
        spire.afterwards = true;
        for (String call : List.of("create", "update", "delete")) {
            spire.outage = asked -> asked.equals(call) ? "connection lost" : null;
            assertThatThrownBy(() -> {
                        reconcile("shop");
                        reconciler = reconciler(template("c1", Duration.ofHours(1)));
                        reconcile("");
                        accounts.unenroll("shop");
                        reconcile("shop");
                    })
                    .as(call)
                    .isInstanceOf(SpireException.class);
            spire.outage = asked -> null;

            reconcile("");

            assertThat(spire.entries).as(call).hasSize(accounts.of("shop").size());
        }
    }

    @Test
    void createdByAnotherInTheMeantime_isTakenForOurOwnAndPutRight() {
        accounts.enroll("shop", "default");
        reconcile("");
        spire.entries.clear();
        spire.calls.clear();
        EntryReconciler late = reconciler(TEMPLATE);
        accounts.unenroll("shop");
        late.handle(List.of(""));
        accounts.enroll("shop", "default");
        RegistrationEntry byAnother = template("c1", Duration.ofHours(3)).of("shop", "default");
        spire.entries.put(byAnother.id(), byAnother);

        assertThat(late.handle(List.of("shop"))).isEmpty();

        assertThat(entry("shop", "default").ttlSeconds()).isZero();
    }

    @Test
    void leadershipThatIsLost_endsTheWorkBeforeTheNextCall() {
        for (int i = 0; i < 100; i++) {
            accounts.enroll("ns" + i, "a", "b", "c");
        }
        spire.refusal = id -> {
            leading = false;
            return null;
        };

        assertThatThrownBy(() -> reconcile("ns0")).hasMessageContaining("another operator leads");

        assertThat(spire.entries).as("the call under way").hasSize(200);
    }

    /** Any history of changes, failures and restarts ends with exactly the wanted entries, and others' as they were. */
    @Test
    void anyHistory_endsWithWhatIsWanted() {
        Random random = new Random(20261122);
        for (int round = 0; round < 150; round++) {
            spire.entries.clear();
            RegistrationEntry theirs = template("other", Duration.ZERO).of("ns" + random.nextInt(4), "sa0");
            spire.entries.put(theirs.id(), theirs);
            spire.outage = call -> random.nextInt(5) == 0 ? "away" : null;
            spire.refusal =
                    id -> random.nextInt(6) == 0 ? new EntryApi.Result(Status.Code.INTERNAL, "busy", null) : null;
            for (int step = 0; step < 25; step++) {
                spire.afterwards = random.nextBoolean();
                String namespace = "ns" + random.nextInt(4);
                if (random.nextInt(3) == 0) {
                    accounts.unenroll(namespace);
                } else {
                    accounts.enroll(
                            namespace,
                            IntStream.range(0, random.nextInt(4))
                                    .mapToObj(i -> "sa" + i)
                                    .toArray(String[]::new));
                }
                if (random.nextInt(5) == 0) {
                    reconciler = reconciler(TEMPLATE);
                }
                if (random.nextInt(3) > 0) {
                    tryTo(namespace);
                }
            }
            spire.outage = call -> null;
            spire.refusal = id -> null;
            reconciler = reconciler(TEMPLATE);

            assertThat(reconcile("")).isEmpty();

            Set<String> expected = new TreeSet<>(Set.of(theirs.spiffeId().toString()));
            for (String namespace : accounts.namespaces()) {
                accounts.of(namespace)
                        .forEach(account -> expected.add("spiffe://example.org/ns/" + namespace + "/sa/" + account));
            }
            assertThat(ids()).containsExactlyElementsOf(expected);
            assertThat(spire.entries).hasSize(expected.size()).containsEntry(theirs.id(), theirs);
            accounts.namespaces().forEach(accounts::unenroll);
        }
    }

    @Test
    void ownerThatCannotBePartOfAnId_isRefused() {
        for (String owner : List.of("", "a.b", "a/b", "ü", "x".repeat(65))) {
            assertThatThrownBy(() -> template(owner, Duration.ZERO)).hasMessageContaining("expected: 1 to 64");
        }
        assertThat(TEMPLATE.of("shop", "cart").id()).matches("c1\\.[0-9a-f]{32}");
    }

    private void tryTo(String namespace) {
        try {
            reconcile(namespace);
        } catch (SpireException e) {
            assertThat(e).hasMessage("away");
        }
    }

    private Set<String> reconcile(String... namespaces) {
        return reconciler.handle(List.of(namespaces));
    }

    private List<String> ids() {
        return spire.entries.values().stream()
                .map(entry -> entry.spiffeId().toString())
                .sorted()
                .collect(Collectors.toCollection(ArrayList::new));
    }

    private RegistrationEntry entry(String namespace, String account) {
        SpiffeId id = SpiffeId.ofServiceAccount(DOMAIN, namespace, account);
        return spire.entries.values().stream()
                .filter(each -> each.spiffeId().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private EntryReconciler reconciler(EntryTemplate template) {
        OperatorObserver observer = new OperatorObserver() {
            @Override
            public void entries(String method, int done, int failed) {
                if (done > 0) {
                    counts.merge(method + " ok", done, Integer::sum);
                }
                if (failed > 0) {
                    counts.merge(method + " failed", failed, Integer::sum);
                }
            }
        };
        return new EntryReconciler(
                accounts,
                template,
                spire,
                new EntryBatches(200, () -> leading, observer),
                report -> reports.put(report.namespace(), report));
    }

    private static EntryTemplate template(String owner, Duration ttl) {
        return new EntryTemplate(DOMAIN, "/ztunnel", owner, ttl);
    }
}
