package io.hbone.node.proxy;

import io.hbone.core.Authorizer;
import io.hbone.core.Decision;
import io.hbone.xds.policy.LoggingAudit;
import io.hbone.xds.policy.Policy.Action;
import io.hbone.xds.policy.PolicyAudit;
import io.hbone.xds.policy.PolicySubject;
import io.hbone.xds.policy.StrictMtls;
import java.util.concurrent.atomic.LongAdder;

/** Logs what policies did, and counts over all workloads of the process what they refused for want of a tunnel. */
final class CountingAudit implements PolicyAudit {
    private final PolicyAudit log;
    private final LongAdder plaintextRefused = new LongAdder();

    /** @param info whether decisions are logged at info */
    CountingAudit(boolean info) {
        log = new LoggingAudit(info);
    }

    long plaintextRefused() {
        return plaintextRefused.sum();
    }

    @Override
    public void decided(Authorizer.Request request, PolicySubject subject, Decision decision) {
        log.decided(request, subject, decision);
    }

    @Override
    public void dryRun(Authorizer.Request request, PolicySubject subject, Action action, String policy) {
        log.dryRun(request, subject, action, policy);
    }

    @Override
    public void plaintextRefused(Authorizer.Request request, PolicySubject subject, StrictMtls by) {
        plaintextRefused.increment();
        log.plaintextRefused(request, subject, by);
    }
}
