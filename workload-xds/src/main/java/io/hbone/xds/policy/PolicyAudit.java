package io.hbone.xds.policy;

import io.hbone.core.Authorizer;
import io.hbone.core.Decision;
import io.hbone.xds.policy.Policy.Action;

/** Is told what policies did. Called on the threads of connections: it must return at once. */
public interface PolicyAudit {
    /** Listens to nothing. */
    PolicyAudit NONE = new PolicyAudit() {};

    /** A connection was decided about, when it came or, because something had changed, later. */
    default void decided(Authorizer.Request request, PolicySubject subject, Decision decision) {}

    /**
     * What a policy in dry run would have done.
     *
     * @param policy that matched; empty when there are dry-run ALLOW policies and nothing else that allows, and none matched
     */
    default void dryRun(Authorizer.Request request, PolicySubject subject, Action action, String policy) {}

    /** Plaintext was refused by strict mTLS; {@link #decided} is called as well. */
    default void plaintextRefused(Authorizer.Request request, PolicySubject subject, StrictMtls by) {}
}
