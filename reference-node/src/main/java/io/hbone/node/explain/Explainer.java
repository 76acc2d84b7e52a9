package io.hbone.node.explain;

import io.hbone.core.Authority;
import io.hbone.core.Authorizer;
import io.hbone.core.ConnectRequest;
import io.hbone.core.Decision;
import io.hbone.core.InboundRouter.Inbound;
import io.hbone.core.InboundRouter.Target;
import io.hbone.core.IpLiteral;
import io.hbone.core.OutboundRouter.Outbound;
import io.hbone.core.Route;
import io.hbone.core.SpiffeId;
import io.hbone.core.TraceParent;
import io.hbone.core.WorkloadIdentity;
import io.hbone.node.explain.Explanation.Step;
import io.hbone.xds.model.Workload;
import io.hbone.xds.policy.Policy;
import io.hbone.xds.policy.PolicyAudit;
import io.hbone.xds.policy.PolicyEngine;
import io.hbone.xds.policy.PolicySet;
import io.hbone.xds.policy.PolicyStore;
import io.hbone.xds.policy.PolicySubject;
import io.hbone.xds.routing.HostnameResolver;
import io.hbone.xds.routing.OnDemand;
import io.hbone.xds.routing.RouteExplanation;
import io.hbone.xds.routing.RoutingSettings;
import io.hbone.xds.routing.StoreInboundRouter;
import io.hbone.xds.routing.StoreOutboundRouter;
import io.hbone.xds.store.Resource;
import io.hbone.xds.store.Snapshot;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Says what would happen to a connection, from its client to its application: by the very routers and the engine that carry
 * traffic, on one snapshot, without asking anybody but the resolver of host names. Safe for use by any thread.
 */
public final class Explainer {
    /** So many policies are named besides the one that decides. */
    private static final int MAX_LISTED = 20;

    private final Supplier<Snapshot> snapshots;
    private final PolicyStore policies;
    private final RoutingSettings settings;
    private final HostnameResolver resolver;
    private final RandomGenerator random = new Random();

    /** @param resolver for workloads that have only a name */
    public Explainer(
            Supplier<Snapshot> snapshots, PolicyStore policies, RoutingSettings settings, HostnameResolver resolver) {
        this.snapshots = snapshots;
        this.policies = policies;
        this.settings = settings;
        this.resolver = resolver;
    }

    /**
     * Explains a connection. Of several endpoints it is about one, drawn as for a connection.
     *
     * @param source a workload's uid, {@code namespace/name} or address
     * @param destination an address or name, and a port
     * @return done at once, unless the resolver is asked
     * @throws IllegalArgumentException with what is not known
     */
    public CompletionStage<Explanation> explain(String source, String destination) {
        Snapshot snapshot = snapshots.get();
        Endpoints endpoints = new Endpoints(snapshot, settings.network());
        Resource<Workload> from = endpoints.source(source);
        InetSocketAddress to = endpoints.destination(destination, from.value().namespace());
        InetAddress address = Endpoints.addressOf(from.value());
        InetSocketAddress client = new InetSocketAddress(address == null ? to.getAddress() : address, 0);
        WorkloadIdentity self =
                new WorkloadIdentity(from.value().uid(), from.value().identity());
        return new StoreOutboundRouter(() -> snapshot, settings, random, resolver, OnDemand.NEVER)
                .explain(new Outbound(self, client, to))
                .thenCompose(explained -> new Walk(snapshot, from, client, to).along(explained));
    }

    /** One connection on its way. */
    private final class Walk {
        private final Snapshot snapshot;
        private final Resource<Workload> from;
        private final InetSocketAddress client;
        private final InetSocketAddress dialled;
        private final List<Step> steps = new ArrayList<>();
        private final List<String> expected = new ArrayList<>();

        Walk(Snapshot snapshot, Resource<Workload> from, InetSocketAddress client, InetSocketAddress dialled) {
            this.snapshot = snapshot;
            this.from = from;
            this.client = client;
            this.dialled = dialled;
        }

        CompletionStage<Explanation> along(RouteExplanation explained) {
            explained
                    .steps()
                    .forEach(step -> steps.add(new Step(step.what(), step.detail(), step.resource(), step.version())));
            Route route = explained.route();
            if (!from.value().enrolled() && route instanceof Route.Tunnel tunnel) {
                step("capture", from, "the client is not enrolled: nobody puts what it sends into a tunnel");
                route = new Route.Direct(
                        target(tunnel.authority()),
                        tunnel.destination(),
                        tunnel.service(),
                        "the client is not enrolled");
            }
            if (route instanceof Route.Tunnel tunnel) {
                Resource<Workload> peer =
                        snapshot.workloadAt(settings.network(), tunnel.peer().getAddress());
                step(
                        "route",
                        peer,
                        "tunnel to " + at(tunnel.peer()) + " for " + tunnel.authority() + ": " + route.why());
                expect("identity", peer, tunnel.expectedPeers());
                return arrive(peer, tunnel.peer(), from.value().identity(), tunnel.authority());
            } else if (route instanceof Route.NestedTunnel nested) {
                Resource<Workload> gateway =
                        snapshot.workloadAt(settings.network(), nested.gateway().getAddress());
                step("route", gateway, "tunnel in a tunnel to " + at(nested.gateway()) + ": " + route.why());
                expect("gateway identity", gateway, nested.expectedGateways());
                expect("identity", null, nested.expectedPeers());
                return end(true, "as far as this network decides; the policies of the other one are asked there");
            } else if (route instanceof Route.Direct direct) {
                Resource<Workload> peer =
                        snapshot.workloadAt(settings.network(), direct.address().getAddress());
                step("route", peer, "plaintext to " + at(direct.address()) + ": " + route.why());
                return arrive(peer, direct.address(), null, null);
            }
            steps.add(new Step("route", "refused: " + route.why(), "", ""));
            return end(false, "there is no way: " + route.why());
        }

        private InetSocketAddress target(Authority authority) {
            InetAddress address = authority.address();
            return address == null ? dialled : new InetSocketAddress(address, authority.port());
        }

        /** At the other end, whose node decides. */
        private CompletionStage<Explanation> arrive(
                @Nullable Resource<Workload> peer,
                InetSocketAddress at,
                @Nullable SpiffeId identity,
                @Nullable Authority authority) {
            if (peer == null) {
                step("policy", null, "not asked: the mesh does not know who has that address");
                return end(true, "nobody in the mesh decides about it");
            }
            if (!peer.value().enrolled()) {
                step("policy", peer, "not asked: the destination is not enrolled");
                return end(true, "nobody in the mesh decides about it");
            }
            if (authority != null && peer.value().nativeTunnel()) {
                step("policy", peer, "asked there: it takes tunnels itself, as waypoints do");
                return end(true, "as far as nodes decide; the rest is up to " + peer);
            }
            ConnectRequest request =
                    authority == null ? null : ConnectRequest.to(authority, TraceParent.random(random));
            return new StoreInboundRouter(() -> snapshot, peer.value().uid(), settings)
                    .route(new Inbound(client, at, identity, request))
                    .thenCompose(target -> decide(peer, identity, target));
        }

        private CompletionStage<Explanation> decide(
                Resource<Workload> peer, @Nullable SpiffeId identity, Target target) {
            if (target instanceof Target.Refuse refuse) {
                step("arrival", peer, "refused with " + refuse.status() + ": " + refuse.why());
                return end(false, refuse.why());
            }
            InetSocketAddress application = ((Target.Forward) target).address();
            step("arrival", peer, "to the application on " + at(application));
            Workload workload = peer.value();
            PolicySubject subject =
                    new PolicySubject(workload.namespace(), workload.name(), workload.authorizationPolicies());
            Decision decision = new PolicyEngine(policies, any -> subject, PolicyAudit.NONE)
                    .explain(new Authorizer.Request(client, identity, application));
            applying(subject);
            boolean allowed = decision instanceof Decision.Allow;
            String who = identity == null ? "somebody without an identity" : identity.toString();
            steps.add(new Step(
                    "policy",
                    (allowed ? "allows " : "denies ") + who + " to port " + application.getPort() + ": "
                            + decision.why(),
                    decision.policy(),
                    policies.version(decision.policy())));
            return end(allowed, decision.why());
        }

        /** Whom the decision is up to, so that one who is not there is missed. */
        private void applying(PolicySubject subject) {
            PolicySet current = policies.current();
            List<String> keys = new ArrayList<>(current.applying(subject));
            for (String key : keys.subList(0, Math.min(keys.size(), MAX_LISTED))) {
                Policy policy = current.get(key);
                if (policy != null) {
                    String outcome = policy.action() + " for " + policy.scope() + (policy.dryRun() ? ", dry run" : "");
                    steps.add(new Step("applies", outcome, key, policies.version(key)));
                }
            }
            if (keys.size() > MAX_LISTED) {
                steps.add(new Step("applies", (keys.size() - MAX_LISTED) + " policies more", "", ""));
            }
        }

        private void expect(String what, @Nullable Resource<Workload> by, Set<SpiffeId> identities) {
            List<String> names =
                    identities.stream().map(SpiffeId::toString).sorted().toList();
            expected.addAll(names);
            step(what, by, names.isEmpty() ? "nobody would do" : "must be " + String.join(" or ", names));
        }

        private void step(String what, @Nullable Resource<?> by, String outcome) {
            steps.add(new Step(what, outcome, by == null ? "" : by.name(), by == null ? "" : by.version()));
        }

        private CompletionStage<Explanation> end(boolean allowed, String why) {
            return CompletableFuture.completedFuture(
                    new Explanation(from.name(), at(dialled), allowed, why, expected, steps));
        }

        private static String at(InetSocketAddress address) {
            return IpLiteral.format(address);
        }
    }
}
