package io.hbone.core;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Decides where the connections of local workloads go. Called on the thread of the connection: it must return at once. */
@FunctionalInterface
public interface OutboundRouter {

    /**
     * @return the route; a stage that is complete already costs nothing. What cannot be routed is a {@link Route.Reject}, not
     *     an exception
     */
    CompletionStage<Route> route(Outbound connection);

    /**
     * Another route for a connection that could not be established by those so far. Nothing of it was sent yet, so a second
     * destination sees all of it.
     *
     * @param failed at least one, in the order in which they were tried
     * @return a {@link Route.Reject} when there is no other, as is the default
     */
    default CompletionStage<Route> reroute(Outbound connection, List<Route> failed) {
        return CompletableFuture.completedFuture(new Route.Reject(TunnelError.NO_ROUTE, "no other route"));
    }

    /**
     * A connection that a local workload opens.
     *
     * @param source who opens it
     * @param client the application's end
     * @param destination where the application wanted to go
     */
    record Outbound(WorkloadIdentity source, InetSocketAddress client, InetSocketAddress destination) {
        public Outbound {
            Objects.requireNonNull(source, "source");
            Objects.requireNonNull(client, "client");
            Objects.requireNonNull(destination, "destination");
        }
    }
}
