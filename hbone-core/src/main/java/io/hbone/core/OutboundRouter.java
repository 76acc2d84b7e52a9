package io.hbone.core;

import java.net.InetSocketAddress;
import java.util.Objects;
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
