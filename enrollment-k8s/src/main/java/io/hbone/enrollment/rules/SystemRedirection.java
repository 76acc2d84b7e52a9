package io.hbone.enrollment.rules;

import io.hbone.enrollment.conntrack.TrackedConnection;
import io.hbone.enrollment.conntrack.TrackedConnections;
import io.hbone.zds.NetworkNamespace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads what is there, writes what leads from it to what is wanted, and reads again. Keeps nothing between calls. */
final class SystemRedirection implements Redirection {
    private static final Logger logger = LoggerFactory.getLogger(SystemRedirection.class);

    private final RedirectSettings settings;
    private final Backends backends;
    private final PolicyRouting routing;

    SystemRedirection(RedirectSettings settings, Tools tools) {
        this.settings = Objects.requireNonNull(settings, "settings");
        backends = Backends.of(tools);
        routing = new PolicyRouting(tools, LocalDelivery.MARKED);
    }

    @Override
    public void prepare(NetworkNamespace namespace) throws RedirectException {
        Namespaced facts = Namespaced.look(namespace);
        Survey survey = Survey.all(namespace, facts, backends);
        if (survey.of(settings.convention()).isNone()) {
            List<RuleSet> wanted = families(facts).stream()
                    .map(family -> RuleSets.of(settings, family).released())
                    .toList();
            install(namespace, facts, survey, wanted);
        }
    }

    @Override
    public void install(NetworkNamespace namespace) throws RedirectException {
        Namespaced facts = Namespaced.look(namespace);
        List<RuleSet> wanted = families(facts).stream()
                .map(family -> RuleSets.of(settings, family))
                .toList();
        install(namespace, facts, Survey.all(namespace, facts, backends), wanted);
    }

    private void install(NetworkNamespace namespace, Namespaced facts, Survey survey, List<RuleSet> wanted)
            throws RedirectException {
        Set<Family> families = families(facts);
        Inventory before = survey.of(settings.convention());
        refuseOthers(namespace, survey);
        try {
            for (Family family : families) {
                routing.install(namespace, family);
            }
            if (!isPlaced(before, wanted)) {
                place(namespace, facts, survey, before, wanted);
            }
            if (before.isNone()) {
                forgetPassed(namespace);
            }
            for (Family family : facts.families()) {
                if (!families.contains(family)) {
                    routing.remove(namespace, family, routing.read(namespace, family));
                }
            }
        } catch (RedirectException e) {
            if (before.isNone()) {
                rollBack(namespace, e);
            }
            throw e;
        }
    }

    private Set<Family> families(Namespaced facts) {
        Set<Family> families = settings.families();
        return EnumSet.copyOf(families == null ? facts.families() : families);
    }

    /** Whether they are there, and by the backend that is asked for. */
    private boolean isPlaced(Inventory inventory, Collection<RuleSet> wanted) {
        return inventory.isExactly(wanted)
                && (settings.backend() == null || inventory.backends().contains(settings.backend()));
    }

    /** Two meshes in one namespace would each get half of its traffic. */
    private void refuseOthers(NetworkNamespace namespace, Survey survey) throws RedirectException {
        for (Convention other : Convention.values()) {
            if (other != settings.convention() && !survey.of(other).isNone()) {
                throw new RedirectException(
                        namespace + " has redirect rules of " + other + " (expected: none beside those of "
                                + settings.convention() + "; whoever wrote them should remove them first)",
                        null);
            }
        }
    }

    /** Tries one backend after another. */
    private void place(
            NetworkNamespace namespace, Namespaced facts, Survey survey, Inventory before, Collection<RuleSet> wanted)
            throws RedirectException {
        List<RedirectException> failures = new ArrayList<>();
        for (Backend backend : candidates(namespace, survey, before)) {
            try {
                write(namespace, backend, before, wanted);
                clear(namespace, facts, backend, before, wanted);
                return;
            } catch (RedirectException e) {
                logger.debug("{} with {}: {}", namespace, backend, e.getMessage());
                failures.add(e);
                if (!before.isNone()) {
                    break; // they stay as they are
                }
                removeRules(namespace, facts, failures);
            }
        }
        throw all("the redirect rules are not in place in " + namespace, failures);
    }

    private List<Backend> candidates(NetworkNamespace namespace, Survey survey, Inventory before)
            throws RedirectException {
        Backend asked = settings.backend();
        Set<Backend> candidates = new LinkedHashSet<>();
        if (asked != null) {
            candidates.add(asked);
        } else {
            candidates.addAll(before.backends());
            if (survey.hasRules(Backend.IPTABLES_LEGACY)) {
                candidates.add(Backend.IPTABLES_LEGACY);
            }
            candidates.addAll(EnumSet.allOf(Backend.class));
        }
        List<Backend> there = new ArrayList<>();
        for (Backend each : candidates) {
            if (each == Backend.NFT
                    ? backends.nft().isThere()
                    : backends.iptables(each).isThere(namespace)) {
                there.add(each);
            }
        }
        if (there.isEmpty()) {
            throw new RedirectException(
                    "there is nothing to write redirect rules with (expected: one of " + candidates + ')', null);
        }
        return there;
    }

    private void write(NetworkNamespace namespace, Backend backend, Inventory before, Collection<RuleSet> wanted)
            throws RedirectException {
        if (backend == Backend.NFT) {
            NftState state = NftState.of(wanted);
            if (!state.isSame(before.nft())) {
                backends.nft().write(namespace, state.script(settings.convention(), before.nft()));
            }
            return;
        }
        Map<Family, IptablesState> states = new EnumMap<>(Family.class);
        wanted.forEach(set -> states.put(set.family(), IptablesState.of(set)));
        for (Family family : Family.values()) {
            IptablesState now = before.iptables(backend, family);
            IptablesState then = states.getOrDefault(family, IptablesState.NONE);
            backends.iptables(backend).write(namespace, family, now.to(then));
        }
    }

    /** Removes what other backends have, now that this one has everything, and looks whether that is so. */
    private void clear(
            NetworkNamespace namespace, Namespaced facts, Backend backend, Inventory before, Collection<RuleSet> wanted)
            throws RedirectException {
        Set<Backend> touched = EnumSet.copyOf(before.backends());
        for (Backend other : touched) {
            if (other != backend) {
                write(namespace, other, before, List.of());
            }
        }
        touched.add(backend);
        Inventory after = Survey.only(touched, namespace, facts, backends).of(settings.convention());
        if (!after.isExactly(wanted)) {
            throw new RedirectException(
                    "the redirect rules in " + namespace + " are others than those that " + backend
                            + " was given (expected: " + wanted + ", found: " + after + ')',
                    null);
        }
    }

    private void rollBack(NetworkNamespace namespace, RedirectException failure) {
        try {
            remove(namespace);
        } catch (RedirectException e) {
            failure.addSuppressed(e);
        }
    }

    @Override
    public void release(NetworkNamespace namespace) throws RedirectException {
        Namespaced facts = Namespaced.look(namespace);
        Inventory before = Survey.all(namespace, facts, backends).of(settings.convention());
        List<RuleSet> released = families(facts).stream()
                .map(family -> RuleSets.of(settings, family).released())
                .toList();
        for (Backend backend : before.backends()) {
            write(namespace, backend, before, released);
        }
    }

    @Override
    public void remove(NetworkNamespace namespace) throws RedirectException {
        List<RedirectException> failures = new ArrayList<>();
        Namespaced facts = Namespaced.look(namespace);
        boolean any = removeRules(namespace, facts, failures);
        if (any) {
            forgetLed(namespace);
        }
        for (Family family : facts.families()) {
            attempt(failures, () -> routing.remove(namespace, family, routing.read(namespace, family)));
        }
        if (!failures.isEmpty()) {
            throw all("redirect rules may be left in " + namespace, failures);
        }
    }

    /**
     * Without rules the kernel sees no connection begin or end, and keeps what it knew for minutes, or for days of those that ended
     * unseen. When rules come back, a connection that has the numbers of one that passed in plaintext would be taken for it and pass,
     * too. Those that are alive are known again from their next packet on.
     */
    private void forgetPassed(NetworkNamespace namespace) {
        forget(
                namespace,
                connection -> !connection.isTranslated(),
                "a new connection with the addresses and ports of an old one may pass in plaintext");
    }

    /** As above, with one that was led through the node: a connection that was begun in between would be led after it, and be reset. */
    private void forgetLed(NetworkNamespace namespace) {
        forget(
                namespace,
                this::isLed,
                "when it is redirected again within two minutes, connections begun in between may be reset");
    }

    private static void forget(NetworkNamespace namespace, Predicate<TrackedConnection> which, String otherwise) {
        try {
            int forgotten = TrackedConnections.forget(namespace, which);
            logger.debug("{}: the kernel has forgotten {} connections", namespace, forgotten);
        } catch (IOException e) {
            logger.warn(
                    "{}: the kernel has not forgotten connections from before: {}: {}",
                    namespace,
                    otherwise,
                    e.getMessage());
        }
    }

    /** Whether our rules had a hand in it: it was redirected, or its answers were. */
    private boolean isLed(TrackedConnection connection) {
        boolean redirected = connection.isDestinationChanged()
                && Set.of(settings.outboundPort(), settings.inboundPlaintextPort(), settings.dnsPort())
                        .contains(connection.answeringPort());
        return redirected || Mark.HERE.matches(connection.mark());
    }

    /**
     * Takes away the rules, those that capture first, and looks whether they are gone. Goes on behind a failure.
     *
     * @return whether there were any
     */
    private boolean removeRules(NetworkNamespace namespace, Namespaced facts, List<RedirectException> failures) {
        AtomicBoolean any = new AtomicBoolean(true);
        attempt(failures, () -> {
            Inventory before = Survey.all(namespace, facts, backends).of(settings.convention());
            if (before.isNone()) {
                any.set(false);
                return;
            }
            if (!before.nft().isNone()) {
                attempt(failures, () -> write(namespace, Backend.NFT, before, List.of()));
            }
            before.iptables()
                    .forEach((backend, states) -> states.forEach((family, state) -> attempt(
                            failures,
                            () -> backends.iptables(backend).write(namespace, family, state.to(IptablesState.NONE)))));
            Inventory after =
                    Survey.only(before.backends(), namespace, facts, backends).of(settings.convention());
            if (!after.isNone()) {
                throw new RedirectException(
                        "redirect rules are left in " + namespace + " (expected: none, found: " + after + ')', null);
            }
        });
        return any.get();
    }

    @Override
    public State inspect(NetworkNamespace namespace) throws RedirectException {
        Namespaced facts = Namespaced.look(namespace);
        Set<Family> families = families(facts);
        Inventory inventory = Survey.all(namespace, facts, backends).of(settings.convention());
        boolean noRoutes = true;
        boolean allRoutes = true;
        for (Family family : facts.families()) {
            PolicyRouting.Found found = routing.read(namespace, family);
            noRoutes &= found.isNone();
            allRoutes &= families.contains(family) ? routing.isInPlace(found) : found.isNone();
        }
        if (inventory.isNone() && noRoutes) {
            return State.ABSENT;
        }
        List<RuleSet> wanted =
                families.stream().map(family -> RuleSets.of(settings, family)).toList();
        return allRoutes && isPlaced(inventory, wanted) ? State.INSTALLED : State.STALE;
    }

    private interface Step {
        void run() throws RedirectException;
    }

    private static void attempt(List<RedirectException> failures, Step step) {
        try {
            step.run();
        } catch (RedirectException e) {
            failures.add(e);
        }
    }

    /** One failure that says what all of them say. */
    private static RedirectException all(String what, List<RedirectException> failures) {
        String reasons =
                failures.stream().map(RedirectException::getMessage).distinct().collect(Collectors.joining("; "));
        RedirectException all = new RedirectException(what + ": " + reasons, failures.get(0));
        failures.stream().skip(1).forEach(all::addSuppressed);
        return all;
    }
}
