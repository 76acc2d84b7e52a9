package io.hbone.xds.policy;

import io.hbone.core.Authorizer;
import io.hbone.core.Decision;
import io.hbone.core.SpiffeId;
import io.hbone.xds.policy.Policy.Action;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** Writes decisions to the log, at debug or, as ztunnel with {@code AUTHZ_POLICY_INFO_LOGGING} (spec/ztunnel.md 6.5), at info. */
public final class LoggingAudit implements PolicyAudit {
    private static final Logger LOG = LoggerFactory.getLogger(LoggingAudit.class);

    private final Level level;

    /** @param info whether decisions are logged at info */
    public LoggingAudit(boolean info) {
        level = info ? Level.INFO : Level.DEBUG;
    }

    @Override
    public void decided(Authorizer.Request request, PolicySubject subject, Decision decision) {
        if (LOG.isEnabledForLevel(level)) {
            LOG.atLevel(level)
                    .log(
                            "policy {} {}: {} ({})",
                            decision instanceof Decision.Deny ? "denies" : "allows",
                            connection(request),
                            decision.why(),
                            workload(subject));
        }
    }

    @Override
    public void dryRun(Authorizer.Request request, PolicySubject subject, Action action, String policy) {
        if (LOG.isEnabledForLevel(level)) {
            String what = policy.isEmpty()
                    ? "no policy in dry run would allow"
                    : policy + ", in dry run, would " + (action == Action.ALLOW ? "allow" : "deny");
            LOG.atLevel(level).log("policy {} {} ({})", what, connection(request), workload(subject));
        }
    }

    private static String connection(Authorizer.Request request) {
        return request.source() + " " + name(request.identity()) + " -> " + request.destination();
    }

    private static String name(@Nullable SpiffeId identity) {
        return identity == null ? "(plaintext)" : identity.toString();
    }

    private static String workload(PolicySubject subject) {
        return subject.namespace() + "/" + subject.workload();
    }
}
