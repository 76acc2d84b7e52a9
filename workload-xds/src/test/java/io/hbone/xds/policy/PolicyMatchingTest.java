package io.hbone.xds.policy;

import static io.hbone.xds.policy.Policies.SERVER;
import static io.hbone.xds.policy.Policies.SLEEP;
import static io.hbone.xds.policy.Policies.cidr;
import static io.hbone.xds.policy.Policies.engine;
import static io.hbone.xds.policy.Policies.port;
import static io.hbone.xds.policy.Policies.request;
import static io.hbone.xds.policy.Policies.store;
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
import io.hbone.xds.policy.StringMatch.Exact;
import io.hbone.xds.policy.StringMatch.Prefix;
import io.hbone.xds.policy.StringMatch.Presence;
import io.hbone.xds.policy.StringMatch.Suffix;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What matches: each row of the tables of spec/ztunnel.md 6.3, each list and its negation. */
class PolicyMatchingTest {
    private static final Authorizer.Request V4 = request("10.1.2.3", SLEEP, "10.0.0.2", 80);
    private static final Authorizer.Request V6 = request("fd00:1::3", SLEEP, "fd00::2", 80);
    private static final Authorizer.Request PLAIN = request("10.1.2.3", null, "10.0.0.2", 80);
    private static final Authorizer.Request STRANGER =
            request("10.1.2.3", SpiffeId.parse("spiffe://cluster.local/somebody"), "10.0.0.2", 80);
    private static final Authorizer.Request OTHER_DOMAIN =
            request("10.1.2.3", SpiffeId.parse("spiffe://other.td/ns/client/sa/sleep"), "10.0.0.2", 80);

    private static boolean matches(Authorizer.Request request, Rule... rules) {
        Policy policy = Policies.of("p", Scope.NAMESPACE, Action.DENY, false, rules);
        return engine(store(policy), SERVER).authorize(request) instanceof Decision.Deny;
    }

    private static Clause clause(Match... matches) {
        return new Clause(List.of(matches));
    }

    @Test
    void rules_areOred_andNoneNeverMatch() {
        assertThat(matches(V4)).isFalse();
        assertThat(matches(V4, new Rule(List.of(clause(port(81)))), new Rule(List.of(clause(port(80))))))
                .isTrue();
    }

    @Test
    void clauses_areAnded_andNoneMatchEverything() {
        assertThat(matches(V4, new Rule(List.of()))).isTrue();
        assertThat(matches(V4, new Rule(List.of(clause(port(80)), clause(port(80))))))
                .isTrue();
        assertThat(matches(V4, new Rule(List.of(clause(port(80)), clause(port(81))))))
                .isFalse();
    }

    @Test
    void matches_areOred_andNoneAreTrue() {
        assertThat(matches(V4, new Rule(List.of(clause())))).isTrue();
        assertThat(matches(V4, new Rule(List.of(clause(port(81), port(80)))))).isTrue();
        assertThat(matches(V4, new Rule(List.of(clause(port(81), port(82)))))).isFalse();
    }

    @Test
    void matchObject_isAndedOverItsTypes() {
        Match both = port(80).withNamespaces(Terms.of(new Exact("client")));
        assertThat(matches(V4, new Rule(List.of(clause(both))))).isTrue();
        assertThat(matches(PLAIN, new Rule(List.of(clause(both))))).isFalse();
    }

    @Test
    void matchObjectThatIsEmpty_neverMatches() {
        assertThat(matches(V4, new Rule(List.of(clause(Match.EMPTY))))).isFalse();
        assertThat(matches(V4, new Rule(List.of(clause(Match.EMPTY, Match.EMPTY)))))
                .isFalse();
        assertThat(matches(V4, new Rule(List.of(clause(Match.EMPTY, port(80))))))
                .isTrue();
        assertThat(matches(V4, new Rule(List.of(clause(port(80)), clause(Match.EMPTY)))))
                .isFalse();
    }

    static Stream<Arguments> terms() {
        List<Arguments> rows = new ArrayList<>();
        Function<Terms<Cidr>, Match> source = Match.EMPTY::withSourceIps;
        row(rows, "source_ips, in it", source, cidr("10.0.0.0/8"), V4, true);
        row(rows, "source_ips, not in it", source, cidr("11.0.0.0/8"), V4, false);
        row(rows, "source_ips, the address itself", source, cidr("10.1.2.3/32"), V4, true);
        row(rows, "source_ips, everything", source, cidr("0.0.0.0/0"), V4, true);
        row(rows, "source_ips, the other family's everything", source, cidr("::/0"), V4, false);
        row(rows, "source_ips, IPv6", source, cidr("fd00:1::/64"), V6, true);
        row(rows, "source_ips, IPv6 of another network", source, cidr("fd00:2::/64"), V6, false);
        row(rows, "source_ips, host bits set", source, cidr("10.9.9.9/8"), V4, true);
        Function<Terms<Cidr>, Match> destination = Match.EMPTY::withDestinationIps;
        row(rows, "destination_ips, in it", destination, cidr("10.0.0.0/24"), V4, true);
        row(rows, "destination_ips, not in it", destination, cidr("10.1.2.0/24"), V4, false);
        row(rows, "destination_ips, IPv6", destination, cidr("fd00::2/128"), V6, true);
        Function<Terms<Integer>, Match> ports = Match.EMPTY::withDestinationPorts;
        row(rows, "destination_ports, equal", ports, 80, V4, true);
        row(rows, "destination_ports, another", ports, 8080, V4, false);
        Function<Terms<ServiceAccount>, Match> accounts = Match.EMPTY::withServiceAccounts;
        ServiceAccount sleep = new ServiceAccount("client", "sleep");
        row(rows, "service_accounts, equal", accounts, sleep, V4, true);
        row(rows, "service_accounts, another namespace", accounts, new ServiceAccount("other", "sleep"), V4, false);
        row(rows, "service_accounts, another account", accounts, new ServiceAccount("client", "curl"), V4, false);
        row(rows, "service_accounts, another trust domain", accounts, sleep, OTHER_DOMAIN, true);
        row(rows, "service_accounts, no identity", accounts, sleep, PLAIN, false);
        row(rows, "service_accounts, an identity of another form", accounts, sleep, STRANGER, false);
        Function<Terms<StringMatch>, Match> principals = Match.EMPTY::withPrincipals;
        String text = "cluster.local/ns/client/sa/sleep";
        row(rows, "principals, exact", principals, new Exact(text), V4, true);
        row(rows, "principals, exact with scheme", principals, new Exact("spiffe://" + text), V4, false);
        row(rows, "principals, exact in another trust domain", principals, new Exact(text), OTHER_DOMAIN, false);
        row(rows, "principals, prefix", principals, new Prefix("cluster.local/ns/cli"), V4, true);
        row(rows, "principals, another prefix", principals, new Prefix("cluster.local/ns/x"), V4, false);
        row(rows, "principals, suffix", principals, new Suffix("/sa/sleep"), V4, true);
        row(rows, "principals, another suffix", principals, new Suffix("/sa/slee"), V4, false);
        row(rows, "principals, presence", principals, new Presence(), V4, true);
        row(rows, "principals, presence without identity", principals, new Presence(), PLAIN, false);
        row(rows, "principals, empty prefix without identity", principals, new Prefix(""), PLAIN, false);
        row(rows, "principals, an identity of another form", principals, new Suffix("/somebody"), STRANGER, true);
        Function<Terms<StringMatch>, Match> namespaces = Match.EMPTY::withNamespaces;
        row(rows, "namespaces, exact", namespaces, new Exact("client"), V4, true);
        row(rows, "namespaces, case", namespaces, new Exact("Client"), V4, false);
        row(rows, "namespaces, prefix", namespaces, new Prefix("cli"), V4, true);
        row(rows, "namespaces, suffix", namespaces, new Suffix("ent"), V4, true);
        row(rows, "namespaces, presence", namespaces, new Presence(), V4, true);
        row(rows, "namespaces, presence without identity", namespaces, new Presence(), PLAIN, false);
        row(rows, "namespaces, empty without identity", namespaces, new Exact(""), PLAIN, true);
        row(rows, "namespaces, empty prefix without identity", namespaces, new Prefix(""), PLAIN, true);
        row(rows, "namespaces, an identity of another form", namespaces, new Exact(""), STRANGER, true);
        return rows.stream();
    }

    /** One row, and its negation: of a not_ list none may match. */
    @SuppressWarnings("unchecked")
    private static <T> void row(
            List<Arguments> rows,
            String name,
            Function<Terms<T>, Match> field,
            T value,
            Authorizer.Request request,
            boolean expected) {
        rows.add(Arguments.of(name, field.apply(Terms.of(value)), request, expected));
        rows.add(Arguments.of("not_" + name, field.apply(Terms.not(value)), request, !expected));
    }

    @ParameterizedTest(name = "{0}: {3}")
    @MethodSource("terms")
    void match_ofEachType_isAsInTheTable(String name, Match match, Authorizer.Request request, boolean expected) {
        assertThat(matches(request, new Rule(List.of(clause(match))))).isEqualTo(expected);
    }

    @Test
    void positiveList_isOred_negativeListMustMissAll() {
        Match ports = Match.EMPTY.withDestinationPorts(new Terms<>(List.of(79, 80), List.of(81)));
        Match except = Match.EMPTY.withDestinationPorts(new Terms<>(List.of(80), List.of(81, 80)));
        assertThat(matches(V4, new Rule(List.of(clause(ports))))).isTrue();
        assertThat(matches(V4, new Rule(List.of(clause(except))))).isFalse();
    }

    @Test
    void ipv4MappedRange_isTheIpv4Range() {
        byte[] mapped = new byte[16];
        mapped[10] = -1;
        mapped[11] = -1;
        mapped[12] = 10;
        Match match = Match.EMPTY.withSourceIps(Terms.of(Cidr.of(mapped, 104)));
        assertThat(matches(V4, new Rule(List.of(clause(match))))).isTrue();
    }
}
