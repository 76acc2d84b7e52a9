package io.hbone.xds.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.hbone.core.Decision;
import io.hbone.xds.policy.Policy.Terms;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Many policies for one workload. */
class PolicyScaleTest {
    private static final int POLICIES = 10_000;

    @Test
    void decideAmongTenThousand_isRight_andAllocatesNothing() {
        List<Policy> policies = new ArrayList<>();
        for (int i = 0; i < POLICIES; i++) {
            policies.add(Policies.deny("p" + i, match(i)));
        }
        PolicyStore store = new PolicyStore();
        store.update(policies, List.of());
        PolicySet set = store.current();
        var request = Policies.sleepTo(80);
        Attempt attempt = Attempt.of(request);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int rounds = 20_000;
        int denied = 0;
        for (int i = 0; i < rounds; i++) { // until it is compiled
            denied += set.decide(request, attempt, Policies.SERVER, PolicyAudit.NONE) instanceof Decision.Deny ? 1 : 0;
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < rounds; i++) {
            denied += set.decide(request, attempt, Policies.SERVER, PolicyAudit.NONE) instanceof Decision.Deny ? 1 : 0;
        }
        long each = (threads.getCurrentThreadAllocatedBytes() - before) / rounds;
        assertThat(denied).isZero();
        assertThat(each).isZero();
    }

    /** One of each kind of key, none of them the connection's. */
    private static Policy.Match match(int i) {
        return switch (i % 5) {
            case 0 -> Policies.principal("cluster.local/ns/other/sa/s" + i);
            case 1 -> Policies.namespace("ns" + i);
            case 2 -> Policies.port(1000 + i);
            case 3 ->
                Policy.Match.EMPTY.withPrincipals(
                        Terms.of(new StringMatch.Prefix("cluster.local/ns/prefix" + i + "/")));
            default ->
                Policy.Match.EMPTY.withSourceIps(
                        Terms.of(Policies.cidr("172." + (i % 200) + "." + (i / 200) + ".0/24")));
        };
    }
}
