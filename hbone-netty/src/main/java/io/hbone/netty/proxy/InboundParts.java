package io.hbone.netty.proxy;

import io.hbone.core.Authorizer;
import io.hbone.core.Baggage;
import io.hbone.core.ConnectionObserver;
import io.hbone.core.Decision;
import io.hbone.core.InboundRouter;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.socket.OriginalDestination;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What all connections of an inbound listener share.
 *
 * @param baggage what peers are told of the workload in answers
 */
record InboundParts(
        InboundRouter router,
        Authorizer authorizer,
        Supplier<Baggage> baggage,
        ApplicationConnector connector,
        ConnectionObserver observer,
        OriginalDestination originalDestination,
        Set<Integer> illegalPorts,
        long idleNanos) {

    /** Why {@code request} must not pass, or null when it may. */
    @Nullable TunnelException denial(Authorizer.Request request) {
        return denial(request, "connection closed due to policy rejection");
    }

    /** The same for a connection that is open: policies may have changed. */
    @Nullable TunnelException lateDenial(Authorizer.Request request) {
        return denial(request, "connection closed due to policy change");
    }

    private @Nullable TunnelException denial(Authorizer.Request request, String what) {
        Decision decision;
        try {
            decision = authorizer.authorize(request);
        } catch (RuntimeException e) {
            // Nobody has allowed it.
            return new TunnelException(TunnelError.INTERNAL, "the authorizer failed: " + e, e);
        }
        if (!(decision instanceof Decision.Deny deny)) {
            return null;
        }
        String policy = deny.policy().isEmpty() ? "" : ", policy " + deny.policy();
        return new TunnelException(TunnelError.POLICY_DENIED, what + ": " + deny.why() + policy);
    }
}
