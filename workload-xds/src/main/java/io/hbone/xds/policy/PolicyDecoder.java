package io.hbone.xds.policy;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.hbone.xds.model.Cidr;
import io.hbone.xds.policy.Policy.Action;
import io.hbone.xds.policy.Policy.Clause;
import io.hbone.xds.policy.Policy.Match;
import io.hbone.xds.policy.Policy.Rule;
import io.hbone.xds.policy.Policy.Scope;
import io.hbone.xds.policy.Policy.ServiceAccount;
import io.hbone.xds.policy.Policy.Terms;
import io.hbone.xds.proto.security.Address;
import io.hbone.xds.proto.security.Authorization;
import io.hbone.xds.proto.security.ServiceAccountMatch;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads policies from {@code istio.security.Authorization} (spec/ztunnel.md 7.6). ztunnel drops an entry that it cannot read and
 * enforces the rest, which is another policy than the one that was written; here the policy is rejected, with the entry's place.
 */
public final class PolicyDecoder {
    private static final int MAX_PORT = 65535;

    private PolicyDecoder() {}

    /** @throws InvalidPolicyException when {@code body} is not an Authorization, or not one that can be enforced */
    public static Policy decode(ByteString body) throws InvalidPolicyException {
        Authorization message;
        try {
            message = Authorization.parseFrom(body);
        } catch (InvalidProtocolBufferException e) {
            throw new InvalidPolicyException("not an istio.security.Authorization: " + e.getMessage(), e);
        }
        return decode(message);
    }

    /** @throws InvalidPolicyException when {@code message} cannot be enforced */
    public static Policy decode(Authorization message) throws InvalidPolicyException {
        if (message.getName().isEmpty()) {
            throw new InvalidPolicyException("name: empty (expected: a policy's name)");
        }
        List<Rule> rules = each("rules", message.getRulesList(), PolicyDecoder::rule);
        return new Policy(
                message.getNamespace(), message.getName(), scope(message), action(message), rules, message.getDryRun());
    }

    private static Scope scope(Authorization message) throws InvalidPolicyException {
        return switch (message.getScope()) {
            case GLOBAL -> Scope.GLOBAL;
            case NAMESPACE -> Scope.NAMESPACE;
            case WORKLOAD_SELECTOR -> Scope.WORKLOAD_SELECTOR;
            case UNRECOGNIZED ->
                throw new InvalidPolicyException("scope: " + message.getScopeValue()
                        + " (expected: 0 GLOBAL, 1 NAMESPACE or 2 WORKLOAD_SELECTOR)");
        };
    }

    private static Action action(Authorization message) throws InvalidPolicyException {
        return switch (message.getAction()) {
            case ALLOW -> Action.ALLOW;
            case DENY -> Action.DENY;
            case UNRECOGNIZED ->
                throw new InvalidPolicyException(
                        "action: " + message.getActionValue() + " (expected: 0 ALLOW or 1 DENY)");
        };
    }

    private static Rule rule(String place, io.hbone.xds.proto.security.Rule rule) throws InvalidPolicyException {
        return new Rule(each(place + ".clauses", rule.getClausesList(), PolicyDecoder::clause));
    }

    private static Clause clause(String place, io.hbone.xds.proto.security.Clause clause)
            throws InvalidPolicyException {
        return new Clause(each(place + ".matches", clause.getMatchesList(), PolicyDecoder::match));
    }

    private static Match match(String at, io.hbone.xds.proto.security.Match match) throws InvalidPolicyException {
        Reader<io.hbone.xds.proto.security.StringMatch, StringMatch> text = PolicyDecoder::text;
        Reader<Address, Cidr> cidr = PolicyDecoder::cidr;
        Reader<Integer, Integer> port = PolicyDecoder::port;
        Reader<ServiceAccountMatch, ServiceAccount> account =
                (place, value) -> new ServiceAccount(value.getNamespace(), value.getServiceAccount());
        return new Match(
                terms(at, "namespaces", match.getNamespacesList(), match.getNotNamespacesList(), text),
                terms(at, "principals", match.getPrincipalsList(), match.getNotPrincipalsList(), text),
                terms(at, "source_ips", match.getSourceIpsList(), match.getNotSourceIpsList(), cidr),
                terms(at, "destination_ips", match.getDestinationIpsList(), match.getNotDestinationIpsList(), cidr),
                terms(
                        at,
                        "destination_ports",
                        match.getDestinationPortsList(),
                        match.getNotDestinationPortsList(),
                        port),
                terms(
                        at,
                        "service_accounts",
                        match.getServiceAccountsList(),
                        match.getNotServiceAccountsList(),
                        account));
    }

    private static StringMatch text(String place, io.hbone.xds.proto.security.StringMatch match)
            throws InvalidPolicyException {
        return switch (match.getMatchTypeCase()) {
            case EXACT -> new StringMatch.Exact(match.getExact());
            case PREFIX -> new StringMatch.Prefix(match.getPrefix());
            case SUFFIX -> new StringMatch.Suffix(match.getSuffix());
            case PRESENCE -> new StringMatch.Presence();
            case MATCHTYPE_NOT_SET ->
                throw new InvalidPolicyException(place + ": nothing set (expected: exact, prefix, suffix or presence)");
        };
    }

    private static Cidr cidr(String place, Address address) throws InvalidPolicyException {
        // protobuf's uint32 is a Java int: what is beyond 2^31 is negative
        int length = address.getLength() < 0 ? Integer.MAX_VALUE : address.getLength();
        try {
            return Cidr.of(address.getAddress().toByteArray(), length);
        } catch (IllegalArgumentException e) {
            throw new InvalidPolicyException(place + "." + e.getMessage(), e);
        }
    }

    private static Integer port(String place, Integer port) throws InvalidPolicyException {
        if (port < 0 || port > MAX_PORT) {
            throw new InvalidPolicyException(
                    place + ": " + Integer.toUnsignedString(port) + " (expected: 0 to " + MAX_PORT + ")");
        }
        return port;
    }

    private static <M, T> Terms<T> terms(
            String place, String name, List<M> anyOf, List<M> noneOf, Reader<? super M, ? extends T> reader)
            throws InvalidPolicyException {
        if (anyOf.isEmpty() && noneOf.isEmpty()) {
            return Terms.none();
        }
        return new Terms<>(each(place + "." + name, anyOf, reader), each(place + ".not_" + name, noneOf, reader));
    }

    private static <M, T> List<T> each(String place, List<M> messages, Reader<? super M, ? extends T> reader)
            throws InvalidPolicyException {
        List<T> values = new ArrayList<>(messages.size());
        for (int i = 0; i < messages.size(); i++) {
            values.add(reader.read(place + "[" + i + "]", messages.get(i)));
        }
        return values;
    }

    /** Makes a value of a message that stands at a place of the policy. */
    private interface Reader<M, T> {
        T read(String place, M message) throws InvalidPolicyException;
    }
}
