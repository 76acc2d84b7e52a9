package io.hbone.xds.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.hbone.xds.NamedResource;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.policy.Policy.Action;
import io.hbone.xds.policy.Policy.Scope;
import io.hbone.xds.proto.security.Address;
import io.hbone.xds.proto.security.Authorization;
import io.hbone.xds.proto.security.Clause;
import io.hbone.xds.proto.security.Match;
import io.hbone.xds.proto.security.Rule;
import io.hbone.xds.proto.security.ServiceAccountMatch;
import io.hbone.xds.proto.security.StringMatch;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PolicyDecoderTest {
    private static Authorization.Builder with(Match.Builder match) {
        return Authorization.newBuilder()
                .setName("p")
                .setNamespace("ns")
                .addRules(Rule.newBuilder().addClauses(Clause.newBuilder().addMatches(match)));
    }

    private static Address cidr(int bytes, int length) {
        return Address.newBuilder()
                .setAddress(ByteString.copyFrom(new byte[bytes]))
                .setLength(length)
                .build();
    }

    static Stream<Arguments> rejected() {
        String match = "rules[0].clauses[0].matches[0].";
        return Stream.of(
                Arguments.of(Authorization.newBuilder(), "name: empty"),
                Arguments.of(with(Match.newBuilder()).setScopeValue(9), "scope: 9 (expected: 0 GLOBAL"),
                Arguments.of(with(Match.newBuilder()).setActionValue(7), "action: 7 (expected: 0 ALLOW"),
                Arguments.of(
                        with(Match.newBuilder().addSourceIps(cidr(16, 129))),
                        match + "source_ips[0].prefix length: 129 of :: (expected: 0 to 128"),
                Arguments.of(
                        with(Match.newBuilder().addDestinationIps(cidr(4, 33))),
                        match + "destination_ips[0].prefix length: 33 of 0.0.0.0 (expected: 0 to 32"),
                Arguments.of(
                        with(Match.newBuilder().addNotSourceIps(cidr(4, 32)).addNotSourceIps(cidr(5, 8))),
                        match + "not_source_ips[1].address: 5 bytes (expected: 4 or 16)"),
                Arguments.of(with(Match.newBuilder().addSourceIps(cidr(4, -1))), match + "source_ips[0].prefix length"),
                Arguments.of(
                        with(Match.newBuilder().addNotDestinationPorts(65536)),
                        match + "not_destination_ports[0]: 65536 (expected: 0 to 65535)"),
                Arguments.of(
                        with(Match.newBuilder().addDestinationPorts(-1)),
                        match + "destination_ports[0]: 4294967295 (expected"),
                Arguments.of(
                        with(Match.newBuilder().addNotPrincipals(StringMatch.newBuilder())),
                        match + "not_principals[0]: nothing set (expected: exact, prefix, suffix or presence)"));
    }

    /** ztunnel drops such entries, and enforces another policy than the one that was written. */
    @ParameterizedTest(name = "{1}")
    @MethodSource("rejected")
    void defect_entryThatCannotBeRead_rejectsThePolicy_namingItsPlace(Authorization.Builder policy, String why) {
        assertThatThrownBy(() -> PolicyDecoder.decode(policy.build().toByteString()))
                .isInstanceOf(InvalidPolicyException.class)
                .hasMessageStartingWith(why);
    }

    @Test
    void bytesThatAreNoPolicy_areRejected() {
        assertThatThrownBy(() -> PolicyDecoder.decode(ByteString.copyFromUtf8("\1")))
                .isInstanceOf(InvalidPolicyException.class)
                .hasMessageStartingWith("not an istio.security.Authorization");
    }

    @Test
    void everyField_isRead() throws InvalidPolicyException {
        Match.Builder match = Match.newBuilder()
                .addNamespaces(StringMatch.newBuilder().setPrefix("a"))
                .addNotPrincipals(StringMatch.newBuilder().setSuffix("b"))
                .addDestinationIps(cidr(4, 8))
                .addNotDestinationPorts(80)
                .addServiceAccounts(
                        ServiceAccountMatch.newBuilder().setNamespace("n").setServiceAccount("s"));
        Policy policy = PolicyDecoder.decode(
                with(match).setActionValue(1).setScopeValue(2).setDryRun(true).build());
        assertThat(policy.key()).isEqualTo("ns/p");
        assertThat(policy.action()).isEqualTo(Action.DENY);
        assertThat(policy.scope()).isEqualTo(Scope.WORKLOAD_SELECTOR);
        assertThat(policy.dryRun()).isTrue();
        Policy.Match read = policy.rules().get(0).clauses().get(0).matches().get(0);
        assertThat(read.namespaces().anyOf()).containsExactly(new io.hbone.xds.policy.StringMatch.Prefix("a"));
        assertThat(read.principals().noneOf()).containsExactly(new io.hbone.xds.policy.StringMatch.Suffix("b"));
        assertThat(read.destinationIps().anyOf()).hasToString("[0.0.0.0/8]");
        assertThat(read.destinationPorts().noneOf()).containsExactly(80);
        assertThat(read.serviceAccounts().anyOf()).containsExactly(new Policy.ServiceAccount("n", "s"));
    }

    @Test
    void policyWithoutRules_isAPolicy() throws InvalidPolicyException {
        Authorization policy = Authorization.newBuilder().setName("p").build();
        assertThat(PolicyDecoder.decode(policy).rules()).isEmpty();
    }

    @Test
    void malformedPolicyAmongGoodOnes_isRejectedByName_andWhatWasThereStays() {
        PolicyStore store = new PolicyStore();
        store.apply(TypeUrl.AUTHORIZATION, List.of(resource("ns/p", with(Match.newBuilder()))), List.of());
        Policy before = store.current().get("ns/p");
        Authorization.Builder bad = with(Match.newBuilder().addSourceIps(cidr(16, 129)));
        assertThat(store.apply(
                        TypeUrl.AUTHORIZATION,
                        List.of(resource("ns/p", bad), resource("ns/q", with(Match.newBuilder()))),
                        List.of()))
                .singleElement()
                .satisfies(rejection -> assertThat(rejection.toString()).startsWith("ns/p: rules[0]"));
        assertThat(store.current().get("ns/p")).isEqualTo(before);
        assertThat(store.current().size()).isEqualTo(2);
    }

    @Test
    void changes_areTold_andWhatIsNoChangeIsNot() {
        PolicyStore store = new PolicyStore();
        int[] told = {0};
        store.onChange(() -> told[0]++);
        NamedResource policy = resource("ns/p", with(Match.newBuilder()));
        store.apply(TypeUrl.AUTHORIZATION, List.of(policy), List.of());
        store.apply(TypeUrl.AUTHORIZATION, List.of(policy), List.of("unknown"));
        assertThat(told[0]).isEqualTo(1);
        store.apply(TypeUrl.AUTHORIZATION, List.of(), List.of("ns/p"));
        assertThat(told[0]).isEqualTo(2);
        assertThat(store.current().size()).isZero();
    }

    private static NamedResource resource(String name, Authorization.Builder policy) {
        return new NamedResource(name, "1", policy.build().toByteString());
    }
}
