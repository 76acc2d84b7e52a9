package io.hbone.xds.policy;

import io.hbone.xds.model.Cidr;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Who may talk to some workloads, or may not: one {@code istio.security.Authorization} (spec/ztunnel.md 6 and 7.6).
 *
 * @param namespace where it was written; empty for the mesh's root namespace
 * @param name within its namespace
 * @param rules one that matches is enough; without any the policy never matches, so that an {@link Action#ALLOW} without rules
 *     denies everything and a {@link Action#DENY} without rules nothing
 * @param dryRun whether it is only reported what it would do
 */
public record Policy(String namespace, String name, Scope scope, Action action, List<Rule> rules, boolean dryRun) {
    public Policy {
        Objects.requireNonNull(namespace, "namespace");
        Objects.requireNonNull(scope, "scope");
        Objects.requireNonNull(action, "action");
        rules = List.copyOf(rules);
        if (name.isEmpty()) {
            throw new IllegalArgumentException("name: empty (expected: a policy's name)");
        }
    }

    /** {@code namespace/name}: what workloads, decisions and xDS call it. */
    public String key() {
        return namespace + "/" + name;
    }

    /** Whom a policy is for. */
    public enum Scope {
        /** All workloads. */
        GLOBAL,
        /** The workloads of the policy's namespace. */
        NAMESPACE,
        /** The workloads that name it. */
        WORKLOAD_SELECTOR
    }

    /** What a match means. */
    public enum Action {
        ALLOW,
        DENY
    }

    /** Matches when all of {@code clauses} match; without any, always. */
    public record Rule(List<Clause> clauses) {
        public Rule {
            clauses = List.copyOf(clauses);
        }
    }

    /** Matches when one of {@code matches} does; without any, always. */
    public record Clause(List<Match> matches) {
        public Clause {
            matches = List.copyOf(matches);
        }
    }

    /** A service account, whatever its trust domain. */
    public record ServiceAccount(String namespace, String name) {
        public ServiceAccount {
            Objects.requireNonNull(namespace, "namespace");
            Objects.requireNonNull(name, "name");
        }
    }

    /**
     * One list for each thing that can be asked for, with what is wanted and what is not.
     *
     * @param namespaces of the peer's identity, empty text without one
     * @param principals the peer's identity without {@code spiffe://}; nothing matches without one
     * @param sourceIps the peer's address as the destination's node sees it
     * @param destinationIps the application's address
     * @param destinationPorts the application's port, 0 to 65535, never a tunnel's
     * @param serviceAccounts of the peer's identity; nothing matches without one
     */
    public record Match(
            Terms<StringMatch> namespaces,
            Terms<StringMatch> principals,
            Terms<Cidr> sourceIps,
            Terms<Cidr> destinationIps,
            Terms<Integer> destinationPorts,
            Terms<ServiceAccount> serviceAccounts) {
        /** Says nothing, and therefore matches nothing. */
        public static final Match EMPTY =
                new Match(Terms.none(), Terms.none(), Terms.none(), Terms.none(), Terms.none(), Terms.none());

        /** Whether nothing is said: such a match never matches. */
        public boolean isEmpty() {
            return namespaces.isEmpty()
                    && principals.isEmpty()
                    && sourceIps.isEmpty()
                    && destinationIps.isEmpty()
                    && destinationPorts.isEmpty()
                    && serviceAccounts.isEmpty();
        }

        public Match withNamespaces(Terms<StringMatch> terms) {
            return new Match(terms, principals, sourceIps, destinationIps, destinationPorts, serviceAccounts);
        }

        public Match withPrincipals(Terms<StringMatch> terms) {
            return new Match(namespaces, terms, sourceIps, destinationIps, destinationPorts, serviceAccounts);
        }

        public Match withSourceIps(Terms<Cidr> terms) {
            return new Match(namespaces, principals, terms, destinationIps, destinationPorts, serviceAccounts);
        }

        public Match withDestinationIps(Terms<Cidr> terms) {
            return new Match(namespaces, principals, sourceIps, terms, destinationPorts, serviceAccounts);
        }

        public Match withDestinationPorts(Terms<Integer> terms) {
            return new Match(namespaces, principals, sourceIps, destinationIps, terms, serviceAccounts);
        }

        public Match withServiceAccounts(Terms<ServiceAccount> terms) {
            return new Match(namespaces, principals, sourceIps, destinationIps, destinationPorts, terms);
        }
    }

    /**
     * What is wanted of one thing, and what is not.
     *
     * @param anyOf one must match; when empty, anything does
     * @param noneOf none may match
     */
    public record Terms<T>(List<T> anyOf, List<T> noneOf) {
        private static final Terms<?> NONE = new Terms<>(List.of(), List.of());

        public Terms {
            anyOf = List.copyOf(anyOf);
            noneOf = List.copyOf(noneOf);
        }

        /** Says nothing. */
        @SuppressWarnings("unchecked") // empty lists are lists of everything
        public static <T> Terms<T> none() {
            return (Terms<T>) NONE;
        }

        /** One of these. */
        @SafeVarargs
        @SuppressWarnings("varargs") // is only read
        public static <T> Terms<T> of(T... anyOf) {
            return new Terms<>(Arrays.stream(anyOf).toList(), List.of());
        }

        /** None of these. */
        @SafeVarargs
        @SuppressWarnings("varargs") // is only read
        public static <T> Terms<T> not(T... noneOf) {
            return new Terms<>(List.of(), Arrays.stream(noneOf).toList());
        }

        /** Whether nothing is said. */
        public boolean isEmpty() {
            return anyOf.isEmpty() && noneOf.isEmpty();
        }
    }
}
