package io.hbone.xds.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.Authorizer;
import io.hbone.core.Decision;
import io.hbone.core.SpiffeId;
import io.hbone.xds.model.Cidr;
import io.hbone.xds.policy.Policy.Action;
import io.hbone.xds.policy.Policy.Clause;
import io.hbone.xds.policy.Policy.Match;
import io.hbone.xds.policy.Policy.Rule;
import io.hbone.xds.policy.Policy.Scope;
import io.hbone.xds.policy.Policy.ServiceAccount;
import io.hbone.xds.policy.Policy.Terms;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The compiled engine decides as the tables of the specification read aloud, for random policies over a small world. */
class PolicyPropertyTest {
    private static final List<String> NAMES = List.of("a", "b", "ab", "ba", "client", "server");
    private static final List<String> DOMAINS = List.of("td", "td.b");

    private SplittableRandom random;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void decide_ofRandomPolicies_isAsTheNaiveMatcherSays(long seed) {
        random = new SplittableRandom(seed);
        for (int world = 0; world < 40; world++) {
            List<Policy> policies = new ArrayList<>();
            int count = random.nextInt(60);
            for (int i = 0; i < count; i++) {
                policies.add(policy(i));
            }
            PolicyStore store = new PolicyStore();
            store.update(policies, List.of());
            // some come and go: layers are built again only where they were touched
            List<Policy> left = new ArrayList<>(policies);
            List<String> removed = new ArrayList<>();
            left.removeIf(policy -> random.nextInt(4) == 0 && removed.add(policy.key()));
            store.update(List.of(), removed);
            PolicySubject subject = new PolicySubject(
                    pick(NAMES),
                    "w",
                    left.stream()
                            .map(Policy::key)
                            .filter(key -> random.nextInt(3) == 0)
                            .toList());
            PolicyEngine engine = new PolicyEngine(store, address -> subject, PolicyAudit.NONE);
            for (int i = 0; i < 50; i++) {
                Authorizer.Request request = request();
                Decision decision = engine.authorize(request);
                Decision expected = NaivePolicies.decide(request, subject, left);
                assertThat(decision)
                        .as("seed %d world %d: %s for %s by %s", seed, world, request, subject, left)
                        .isEqualTo(expected);
            }
        }
    }

    private Policy policy(int number) {
        Scope scope = pick(List.of(Scope.values()));
        return new Policy(
                scope == Scope.GLOBAL ? "" : pick(NAMES),
                String.format("p%03d", number),
                scope,
                random.nextInt(3) == 0 ? Action.ALLOW : Action.DENY,
                list(2, () -> new Rule(list(3, () -> new Clause(list(3, this::match))))),
                random.nextInt(8) == 0);
    }

    private Match match() {
        return new Match(
                terms(this::text),
                terms(this::text),
                terms(() -> Cidr.of(address().getAddress(), random.nextInt(33))),
                terms(() -> Cidr.of(address().getAddress(), random.nextInt(33))),
                terms(() -> 80 + random.nextInt(4)),
                terms(() -> new ServiceAccount(pick(NAMES), pick(NAMES))));
    }

    private StringMatch text() {
        String text =
                switch (random.nextInt(4)) {
                    case 0 -> pick(NAMES);
                    case 1 -> "";
                    case 2 -> identity().toString().substring("spiffe://".length());
                    default -> {
                        String whole = identity().toString().substring("spiffe://".length());
                        int cut = random.nextInt(whole.length());
                        yield random.nextBoolean() ? whole.substring(cut) : whole.substring(0, cut);
                    }
                };
        return switch (random.nextInt(4)) {
            case 0 -> new StringMatch.Exact(text);
            case 1 -> new StringMatch.Prefix(text);
            case 2 -> new StringMatch.Suffix(text);
            default -> random.nextInt(4) == 0 ? new StringMatch.Presence() : new StringMatch.Exact(text);
        };
    }

    private Authorizer.Request request() {
        return new Authorizer.Request(
                new java.net.InetSocketAddress(address(), 1),
                random.nextInt(5) == 0 ? null : identity(),
                new java.net.InetSocketAddress(address(), 80 + random.nextInt(4)));
    }

    private SpiffeId identity() {
        String domain = "spiffe://" + pick(DOMAINS);
        return SpiffeId.parse(
                random.nextInt(6) == 0
                        ? domain + "/" + pick(NAMES)
                        : domain + "/ns/" + pick(NAMES) + "/sa/" + pick(NAMES));
    }

    /** Few addresses that share prefixes. */
    private InetAddress address() {
        boolean v4 = random.nextInt(3) > 0;
        byte[] bytes = new byte[v4 ? 4 : 16];
        bytes[0] = (byte) (random.nextBoolean() ? 10 : 0xfd);
        bytes[3] = (byte) random.nextInt(3);
        bytes[bytes.length - 1] = (byte) random.nextInt(4);
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private <T> Terms<T> terms(Supplier<T> one) {
        return random.nextInt(4) > 0
                ? Terms.none()
                : new Terms<>(list(3, one), random.nextInt(3) > 0 ? List.of() : list(2, one));
    }

    private <T> List<T> list(int most, Supplier<T> one) {
        List<T> list = new ArrayList<>();
        int size = random.nextInt(most + 1);
        for (int i = 0; i < size; i++) {
            list.add(one.get());
        }
        return list;
    }

    private <T> T pick(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }
}
