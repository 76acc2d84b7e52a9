package io.hbone.xds.policy;

import io.hbone.xds.model.Cidr;
import io.hbone.xds.policy.Policy.Match;
import io.hbone.xds.policy.Policy.ServiceAccount;
import io.hbone.xds.policy.Policy.Terms;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One {@link Match} in the form in which it is asked. Null stands for a list that says nothing. */
final class CompiledMatch {
    private final boolean empty;
    private final Sides<TextSet> namespaces;
    private final Sides<TextSet> principals;
    private final Sides<CidrSet> sources;
    private final Sides<CidrSet> destinations;
    private final Sides<int[]> ports;
    private final Sides<Set<String>> serviceAccounts;

    CompiledMatch(Match match) {
        empty = match.isEmpty();
        namespaces = Sides.of(match.namespaces(), TextSet::of);
        principals = Sides.of(match.principals(), TextSet::of);
        sources = Sides.of(match.sourceIps(), CidrSet::of);
        destinations = Sides.of(match.destinationIps(), CidrSet::of);
        ports = Sides.of(match.destinationPorts(), CompiledMatch::sorted);
        serviceAccounts = Sides.of(match.serviceAccounts(), CompiledMatch::paths);
    }

    boolean matches(Attempt attempt) {
        return !empty
                && ports(attempt.port)
                && serviceAccounts(attempt.serviceAccountPath)
                && namespaces(attempt.namespace)
                && principals(attempt.principal)
                && addresses(sources, attempt.source)
                && addresses(destinations, attempt.destination);
    }

    private boolean ports(int port) {
        return (ports.anyOf == null || Arrays.binarySearch(ports.anyOf, port) >= 0)
                && (ports.noneOf == null || Arrays.binarySearch(ports.noneOf, port) < 0);
    }

    private boolean serviceAccounts(@Nullable String path) {
        return (serviceAccounts.anyOf == null || (path != null && serviceAccounts.anyOf.contains(path)))
                && (serviceAccounts.noneOf == null || path == null || !serviceAccounts.noneOf.contains(path));
    }

    private boolean namespaces(String namespace) {
        return (namespaces.anyOf == null || namespaces.anyOf.contains(namespace))
                && (namespaces.noneOf == null || !namespaces.noneOf.contains(namespace));
    }

    private boolean principals(@Nullable String principal) {
        return (principals.anyOf == null || (principal != null && principals.anyOf.contains(principal)))
                && (principals.noneOf == null || principal == null || !principals.noneOf.contains(principal));
    }

    private static boolean addresses(Sides<CidrSet> sides, Cidr address) {
        return (sides.anyOf == null || sides.anyOf.contains(address))
                && (sides.noneOf == null || !sides.noneOf.contains(address));
    }

    private static int[] sorted(List<Integer> ports) {
        return ports.stream().mapToInt(Integer::intValue).sorted().toArray();
    }

    private static Set<String> paths(List<ServiceAccount> accounts) {
        Set<String> paths = new HashSet<>();
        for (ServiceAccount account : accounts) {
            paths.add(Attempt.path(account));
        }
        return paths;
    }

    /** Both lists of one thing. */
    private record Sides<T>(@Nullable T anyOf, @Nullable T noneOf) {
        static <E, T> Sides<T> of(Terms<E> terms, Function<List<E>, T> compile) {
            return new Sides<>(
                    terms.anyOf().isEmpty() ? null : compile.apply(terms.anyOf()),
                    terms.noneOf().isEmpty() ? null : compile.apply(terms.noneOf()));
        }
    }
}
