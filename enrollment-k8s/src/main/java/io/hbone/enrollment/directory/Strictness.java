package io.hbone.enrollment.directory;

import com.google.protobuf.Empty;
import io.hbone.xds.policy.StrictMtls;
import io.hbone.xds.policy.StrictMtls.Mode;
import io.hbone.xds.proto.security.Action;
import io.hbone.xds.proto.security.Authorization;
import io.hbone.xds.proto.security.Clause;
import io.hbone.xds.proto.security.Match;
import io.hbone.xds.proto.security.Rule;
import io.hbone.xds.proto.security.Scope;
import io.hbone.xds.proto.security.StringMatch;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Whether plaintext may come in, by all objects of one kind that say so. The closest to a workload counts: one that selects it, else
 * one for its namespace, else one for the mesh, which is in the root namespace; of several the oldest. Under the lock of the tables.
 *
 * <p>Nodes are told by a DENY policy for whoever has no identity (spec/ztunnel.md 5.3), which each workload names that it is for: a
 * policy of a namespace could not be taken back for one workload of it.
 */
final class Strictness {
    private static final Comparator<StrictFacts> OLDEST =
            Comparator.comparing(StrictFacts::created).thenComparing(StrictFacts::name);
    private static final StringMatch ANYBODY =
            StringMatch.newBuilder().setPresence(Empty.getDefaultInstance()).build();

    private final Table<StrictFacts> table;
    private final String prefix;
    private final String rootNamespace;

    /** @param prefix of the names of policies; with an underscore, which objects' names cannot have */
    Strictness(Table<StrictFacts> table, String prefix, String rootNamespace) {
        this.table = table;
        this.prefix = prefix;
        this.rootNamespace = rootNamespace;
    }

    /**
     * Which of the same kind and namespace counts instead of an object, wherever that would: an older one that is for all of its
     * workloads and as close to them. Of several the oldest; null for none. One that is overruled for some of its workloads alone
     * still counts for the others.
     *
     * @param all of the object's namespace
     */
    static @Nullable StrictFacts overruling(StrictFacts object, Collection<StrictFacts> all) {
        return all.stream()
                .filter(other -> OLDEST.compare(other, object) < 0 && isForAllOf(other, object))
                .min(OLDEST)
                .orElse(null);
    }

    private static boolean isForAllOf(StrictFacts other, StrictFacts object) {
        Map<String, String> its = object.selector();
        return other.selector() == null
                ? its == null
                : its != null && its.entrySet().containsAll(other.selector().entrySet());
    }

    /** The name of the policy that an object becomes, in the object's namespace. */
    String policyName(String object) {
        return prefix + object;
    }

    /** {@code namespace/name} of the policy that a workload is to name; null for none. */
    @Nullable String policyOf(String namespace, Map<String, String> labels) {
        StrictFacts closest = closest(namespace, labels);
        return closest == null || !refuses(resolve(closest))
                ? null
                : closest.namespace() + '/' + policyName(closest.name());
    }

    /** The policy that an object becomes; null when it refuses nothing. */
    @Nullable Authorization policy(StrictFacts object) {
        StrictMtls said = resolve(object);
        if (!refuses(said)) {
            return null;
        }
        Rule.Builder rule =
                Rule.newBuilder().addClauses(clause(Match.newBuilder().addNotPrincipals(ANYBODY)));
        Set<Integer> ports = new TreeSet<>(said.exceptPorts());
        if (said.mode() == Mode.PERMISSIVE) {
            rule.addClauses(clause(Match.newBuilder().addAllDestinationPorts(ports)));
        } else if (!ports.isEmpty()) {
            rule.addClauses(clause(Match.newBuilder().addAllNotDestinationPorts(ports)));
        }
        return Authorization.newBuilder()
                .setNamespace(object.namespace())
                .setName(policyName(object.name()))
                .setScope(Scope.WORKLOAD_SELECTOR)
                .setAction(Action.DENY)
                .addRules(rule)
                .build();
    }

    private static Clause clause(Match.Builder match) {
        return Clause.newBuilder().addMatches(match).build();
    }

    private static boolean refuses(StrictMtls said) {
        return said.mode() == Mode.STRICT || !said.exceptPorts().isEmpty();
    }

    /** With what is above it for what it does not say. */
    private StrictMtls resolve(StrictFacts object) {
        Mode mode = object.mode();
        if (mode == null && object.selector() != null) {
            mode = modeOf(ofNamespace(object.namespace()));
        }
        if (mode == null && !object.namespace().equals(rootNamespace)) {
            mode = modeOf(ofNamespace(rootNamespace));
        }
        Mode settled = Objects.requireNonNullElse(mode, Mode.PERMISSIVE);
        Set<Integer> except = new HashSet<>();
        object.ports().forEach((port, other) -> {
            if (other != settled) {
                except.add(port);
            }
        });
        return new StrictMtls(object.namespace(), object.name(), settled, except);
    }

    private static @Nullable Mode modeOf(@Nullable StrictFacts object) {
        return object == null ? null : object.mode();
    }

    private @Nullable StrictFacts closest(String namespace, Map<String, String> labels) {
        StrictFacts selecting = table.in(namespace).values().stream()
                .filter(object -> object.selector() != null && Labels.match(object.selector(), labels))
                .min(OLDEST)
                .orElse(null);
        if (selecting != null) {
            return selecting;
        }
        StrictFacts ofNamespace = ofNamespace(namespace);
        return ofNamespace != null ? ofNamespace : ofNamespace(rootNamespace);
    }

    private @Nullable StrictFacts ofNamespace(String namespace) {
        return table.in(namespace).values().stream()
                .filter(object -> object.selector() == null)
                .min(OLDEST)
                .orElse(null);
    }
}
