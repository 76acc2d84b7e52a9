package io.hbone.xds.policy;

import io.hbone.core.Authorizer;
import io.hbone.core.Decision;
import java.net.InetAddress;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/**
 * Decides by the policies of the moment who may talk to local workloads. Holds no lock; a decision takes microseconds, however many
 * policies there are.
 *
 * <p>Whoever carries connections lets them be decided again when something has changed: {@link PolicyStore#onChange} tells of
 * policies, and whoever holds the workloads tells of their lists.
 */
public final class PolicyEngine implements Authorizer {
    private final PolicyStore policies;
    private final PolicySubjects subjects;
    private final PolicyAudit audit;
    private final LongAdder plaintextRefused = new LongAdder();

    /**
     * @param subjects the local workloads
     * @param audit is told of decisions
     */
    public PolicyEngine(PolicyStore policies, PolicySubjects subjects, PolicyAudit audit) {
        this.policies = Objects.requireNonNull(policies, "policies");
        this.subjects = Objects.requireNonNull(subjects, "subjects");
        this.audit = new Counting(Objects.requireNonNull(audit, "audit"));
    }

    /** {@inheritDoc} What is not for a local workload is denied. */
    @Override
    public Decision authorize(Request request) {
        return decide(request, audit);
    }

    /** The same for somebody who only asks: nothing is counted or audited. */
    public Decision explain(Request request) {
        return decide(request, PolicyAudit.NONE);
    }

    /** How often plaintext was refused by {@link StrictMtls}. */
    public long plaintextRefused() {
        return plaintextRefused.sum();
    }

    private Decision decide(Request request, PolicyAudit told) {
        InetAddress destination = request.destination().getAddress();
        PolicySubject subject = subjects.at(destination);
        if (subject == null) {
            return new Decision.Deny(
                    "",
                    "no local workload has the address " + destination.getHostAddress()
                            + " (expected: one of the addresses that xDS gives to a workload of this node)");
        }
        Decision decision = policies.current().decide(request, Attempt.of(request), subject, told);
        told.decided(request, subject, decision);
        return decision;
    }

    private final class Counting implements PolicyAudit {
        private final PolicyAudit next;

        Counting(PolicyAudit next) {
            this.next = next;
        }

        @Override
        public void decided(Request request, PolicySubject subject, Decision decision) {
            next.decided(request, subject, decision);
        }

        @Override
        public void dryRun(Request request, PolicySubject subject, Policy.Action action, String policy) {
            next.dryRun(request, subject, action, policy);
        }

        @Override
        public void plaintextRefused(Request request, PolicySubject subject, StrictMtls by) {
            plaintextRefused.increment();
            next.plaintextRefused(request, subject, by);
        }
    }
}
