package io.hbone.bench;

import io.hbone.core.Authorizer;
import io.hbone.core.Decision;
import io.hbone.core.SpiffeId;
import io.hbone.xds.model.Cidr;
import io.hbone.xds.policy.Policy;
import io.hbone.xds.policy.Policy.Action;
import io.hbone.xds.policy.Policy.Clause;
import io.hbone.xds.policy.Policy.Match;
import io.hbone.xds.policy.Policy.Rule;
import io.hbone.xds.policy.Policy.Terms;
import io.hbone.xds.policy.PolicyAudit;
import io.hbone.xds.policy.PolicyEngine;
import io.hbone.xds.policy.PolicyStore;
import io.hbone.xds.policy.PolicySubject;
import io.hbone.xds.policy.StringMatch;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** How long a decision takes, when so many policies are for one workload and none of them matches: the longest way. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class PolicyDecisions {
    @Param({"10", "10000"})
    public int policies;

    /** What the policies tell connections by. */
    @Param({"principal", "prefix", "namespace", "port", "cidr", "mixed"})
    public String by = "";

    @SuppressWarnings("NullAway.Init") // by @Setup
    private PolicyEngine engine;

    private final Authorizer.Request request = new Authorizer.Request(
            new InetSocketAddress("10.0.0.1", 40000),
            SpiffeId.parse("spiffe://cluster.local/ns/client/sa/sleep"),
            new InetSocketAddress("10.0.0.2", 80));

    @Setup
    public void fill() {
        List<Policy> all = new ArrayList<>();
        List<String> kinds = List.of("principal", "prefix", "namespace", "port", "cidr");
        for (int i = 0; i < policies; i++) {
            Match match = match(by.equals("mixed") ? kinds.get(i % kinds.size()) : by, i);
            Rule rule = new Rule(List.of(new Clause(List.of(match))));
            all.add(new Policy("server", "p" + i, Policy.Scope.NAMESPACE, Action.DENY, List.of(rule), false));
        }
        PolicyStore store = new PolicyStore();
        store.update(all, List.of());
        PolicySubject subject = new PolicySubject("server", "httpbin", List.of());
        engine = new PolicyEngine(store, address -> subject, PolicyAudit.NONE);
    }

    private static Match match(String kind, int i) {
        return switch (kind) {
            case "principal" ->
                Match.EMPTY.withPrincipals(Terms.of(new StringMatch.Exact("cluster.local/ns/other/sa/s" + i)));
            case "prefix" ->
                Match.EMPTY.withPrincipals(Terms.of(new StringMatch.Prefix("cluster.local/ns/other" + i + "/")));
            case "namespace" -> Match.EMPTY.withNamespaces(Terms.of(new StringMatch.Exact("ns" + i)));
            case "port" -> Match.EMPTY.withDestinationPorts(Terms.of(1000 + i));
            default -> {
                byte[] network = {(byte) 172, (byte) (i % 200), (byte) (i / 200), 0};
                yield Match.EMPTY.withSourceIps(Terms.of(Cidr.of(network, 24)));
            }
        };
    }

    @Benchmark
    public Decision decide() {
        return engine.authorize(request);
    }
}
