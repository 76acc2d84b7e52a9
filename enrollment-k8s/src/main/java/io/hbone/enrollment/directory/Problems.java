package io.hbone.enrollment.directory;

import io.hbone.enrollment.directory.DirectoryStatus.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** Objects of which something is not done as they say. Under the lock of the facts. */
final class Problems {
    private static final Logger logger = LoggerFactory.getLogger(Problems.class);

    private final ClusterFacts facts;
    private final DirectoryObserver observer;

    Problems(ClusterFacts facts, DirectoryObserver observer) {
        this.facts = facts;
        this.observer = observer;
    }

    /** From now on. */
    void listen() {
        listen(facts.policies, "AuthorizationPolicy", PolicyFacts::problem);
        listen(facts.strictMtls, "StrictMtls", StrictFacts::problem);
        listen(facts.peerAuthentications, "PeerAuthentication", StrictFacts::problem);
        listen(facts.services, "Service", ServiceFacts::problem);
    }

    private <F> void listen(Table<F> table, String kind, Function<F, String> problem) {
        table.listen((namespace, name, before, now) -> changed(
                kind,
                namespace,
                name,
                before == null ? "" : problem.apply(before),
                now == null ? "" : problem.apply(now)));
    }

    /** Its problem before a change and after it; empty for none. */
    private void changed(String kind, String namespace, String name, String before, String now) {
        if (before.equals(now)) {
            return;
        }
        if (now.isEmpty()) {
            observer.problem(new Problem(kind, namespace + '/' + name, before), true);
        } else {
            Problem problem = new Problem(kind, namespace + '/' + name, now);
            // An alias among services is nothing unusual.
            logger.atLevel(kind.equals("Service") ? Level.DEBUG : Level.WARN).log("{}", problem);
            observer.problem(problem, false);
        }
    }

    List<Problem> all() {
        List<Problem> all = new ArrayList<>();
        facts.policies.forEachEntry(
                (namespace, name, policy) -> add(all, "AuthorizationPolicy", namespace, name, policy.problem()));
        facts.strictMtls.forEachEntry(
                (namespace, name, strict) -> add(all, "StrictMtls", namespace, name, strict.problem()));
        facts.peerAuthentications.forEachEntry(
                (namespace, name, strict) -> add(all, "PeerAuthentication", namespace, name, strict.problem()));
        facts.services.forEachEntry(
                (namespace, name, service) -> add(all, "Service", namespace, name, service.problem()));
        return all;
    }

    private static void add(List<Problem> all, String kind, String namespace, String name, String reason) {
        if (!reason.isEmpty()) {
            all.add(new Problem(kind, namespace + '/' + name, reason));
        }
    }
}
