package io.hbone.xds.policy;

import io.hbone.xds.model.Cidr;
import io.hbone.xds.policy.Policy.Clause;
import io.hbone.xds.policy.Policy.Match;
import io.hbone.xds.policy.Policy.Rule;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a connection must have for a rule to match: one of the keys of one clause, since all clauses must match, and of a clause
 * one match must. A match gives the keys of the list that most connections fail; the clause that is asked is the one whose weakest
 * list is the strongest.
 *
 * @param keys of which a connection must have one; empty when the rule cannot be told by any
 * @param neverMatches whether the rule cannot match anything
 */
record RuleKeys(List<Key> keys, boolean neverMatches) {
    private static final RuleKeys NEVER = new RuleKeys(List.of(), true);
    private static final RuleKeys UNKNOWN = new RuleKeys(List.of(), false);

    /** What a key is of, the most telling first. */
    enum Kind {
        SERVICE_ACCOUNT,
        PRINCIPAL,
        PRINCIPAL_PREFIX,
        PRINCIPAL_SUFFIX,
        NAMESPACE,
        SOURCE,
        DESTINATION,
        PORT
    }

    /** One key; what does not belong to its kind is empty. */
    record Key(Kind kind, String text, Cidr cidr, int port) {
        private static final Cidr ANY = Cidr.of(InetAddress.getLoopbackAddress());

        static Key of(Kind kind, String text) {
            return new Key(kind, text, ANY, 0);
        }

        static Key of(Kind kind, Cidr cidr) {
            return new Key(kind, "", cidr, 0);
        }

        static Key of(int port) {
            return new Key(Kind.PORT, "", ANY, port);
        }
    }

    static RuleKeys of(Rule rule) {
        List<Key> best = null;
        for (Clause clause : rule.clauses()) {
            if (clause.matches().isEmpty()) {
                continue;
            }
            if (clause.matches().stream().allMatch(Match::isEmpty)) {
                return NEVER;
            }
            List<Key> keys = of(clause);
            if (keys != null && (best == null || weakest(keys) < weakest(best))) {
                best = keys;
            }
        }
        return best == null ? UNKNOWN : new RuleKeys(best, false);
    }

    private static int weakest(List<Key> keys) {
        return keys.stream().mapToInt(key -> key.kind().ordinal()).max().orElse(0);
    }

    private static @Nullable List<Key> of(Clause clause) {
        List<Key> keys = new ArrayList<>();
        for (Match match : clause.matches()) {
            if (!match.isEmpty() && !addKeys(match, keys)) {
                return null;
            }
        }
        return keys;
    }

    /** Whether {@code match} has keys. */
    private static boolean addKeys(Match match, List<Key> keys) {
        if (!match.serviceAccounts().anyOf().isEmpty()) {
            match.serviceAccounts()
                    .anyOf()
                    .forEach(account -> keys.add(Key.of(Kind.SERVICE_ACCOUNT, Attempt.path(account))));
        } else if (!match.principals().anyOf().isEmpty()
                && addPrincipals(match.principals().anyOf(), keys)) {
            return true;
        } else if (!match.namespaces().anyOf().isEmpty()
                && addNamespaces(match.namespaces().anyOf(), keys)) {
            return true;
        } else if (!match.sourceIps().anyOf().isEmpty()) {
            match.sourceIps().anyOf().forEach(range -> keys.add(Key.of(Kind.SOURCE, range)));
        } else if (!match.destinationIps().anyOf().isEmpty()) {
            match.destinationIps().anyOf().forEach(range -> keys.add(Key.of(Kind.DESTINATION, range)));
        } else if (!match.destinationPorts().anyOf().isEmpty()) {
            match.destinationPorts().anyOf().forEach(port -> keys.add(Key.of(port)));
        } else {
            return false;
        }
        return true;
    }

    private static boolean addPrincipals(List<StringMatch> matches, List<Key> keys) {
        List<Key> found = new ArrayList<>();
        for (StringMatch match : matches) {
            if (match instanceof StringMatch.Exact exact) {
                found.add(Key.of(Kind.PRINCIPAL, exact.value()));
            } else if (match instanceof StringMatch.Prefix prefix
                    && !prefix.value().isEmpty()) {
                found.add(Key.of(Kind.PRINCIPAL_PREFIX, prefix.value()));
            } else if (match instanceof StringMatch.Suffix suffix
                    && !suffix.value().isEmpty()) {
                found.add(Key.of(Kind.PRINCIPAL_SUFFIX, suffix.value()));
            } else {
                return false;
            }
        }
        return keys.addAll(found);
    }

    private static boolean addNamespaces(List<StringMatch> matches, List<Key> keys) {
        List<Key> found = new ArrayList<>();
        for (StringMatch match : matches) {
            if (!(match instanceof StringMatch.Exact exact)) {
                return false;
            }
            found.add(Key.of(Kind.NAMESPACE, exact.value()));
        }
        return keys.addAll(found);
    }
}
