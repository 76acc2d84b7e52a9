package io.hbone.enrollment.directory;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.hbone.xds.proto.security.Action;
import io.hbone.xds.proto.security.Authorization;
import io.hbone.xds.proto.security.Rule;
import io.hbone.xds.proto.security.Scope;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Makes {@code istio.security.Authorization} of Istio's AuthorizationPolicy, as far as it can be held against a connection that
 * nobody looks into.
 *
 * <p>What cannot be enforced here, because it is about HTTP or cannot be read, makes a policy stricter and never laxer: a rule of an
 * ALLOW policy that asks for it matches nothing; a DENY policy goes without it, and where a rule asks for nothing else that rule has
 * no effect, as with istiod.
 */
final class AuthorizationPolicies {
    private AuthorizationPolicies() {}

    static PolicyFacts read(GenericKubernetesResource object, String rootNamespace) {
        Fields spec = Fields.of(object).in("spec");
        Map<String, String> selector = spec.selector();
        if (spec.has("targetRef") || !spec.all("targetRefs").isEmpty()) {
            // For waypoints, which have it from somebody else.
            return new PolicyFacts(null, selector, "");
        }
        String said = spec.text("action");
        if (!said.isEmpty() && !said.equals("ALLOW") && !said.equals("DENY")) {
            return new PolicyFacts(
                    null,
                    selector,
                    "action: " + said + " (expected: ALLOW or DENY; others need a waypoint): not enforced");
        }
        Action action = said.equals("DENY") ? Action.DENY : Action.ALLOW;
        Authorization.Builder policy = Authorization.newBuilder()
                .setName(object.getMetadata().getName())
                .setNamespace(object.getMetadata().getNamespace())
                .setScope(scope(selector, object.getMetadata().getNamespace(), rootNamespace))
                .setAction(action)
                .setDryRun("true".equalsIgnoreCase(Labels.annotation(object.getMetadata(), Names.DRY_RUN)));
        Set<String> beyond = new TreeSet<>();
        for (Fields rule : spec.all("rules")) {
            Rule read = AuthorizationRule.read(rule, object.getMetadata().getNamespace(), action, beyond);
            if (read != null) {
                policy.addRules(read);
            }
        }
        return new PolicyFacts(policy.build().toByteString(), selector, problem(action, beyond));
    }

    private static Scope scope(@Nullable Map<String, String> selector, String namespace, String rootNamespace) {
        if (selector != null) {
            return Scope.WORKLOAD_SELECTOR;
        }
        return namespace.equals(rootNamespace) ? Scope.GLOBAL : Scope.NAMESPACE;
    }

    private static String problem(Action action, Set<String> beyond) {
        if (beyond.isEmpty()) {
            return "";
        }
        return String.join(", ", beyond) + " (expected: what can be told of a connection; HTTP needs a waypoint): "
                + (action == Action.DENY
                        ? "the DENY policy is enforced without it, which may deny more, or nothing where a rule has"
                                + " nothing else"
                        : "rules of the ALLOW policy with it match nothing");
    }
}
