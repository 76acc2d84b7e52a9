package io.hbone.xds.routing;

import io.hbone.xds.model.Workload;
import io.hbone.xds.routing.RouteExplanation.Step;
import io.hbone.xds.store.Resource;
import io.hbone.xds.store.Snapshot;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What one outgoing connection is decided on.
 *
 * @param network the node's
 * @param failed addresses that were tried for this connection in vain
 * @param steps where to note what was decided; null not to
 */
record RouteRequest(
        Snapshot snapshot,
        Resource<Workload> self,
        InetSocketAddress client,
        InetSocketAddress destination,
        String network,
        Set<InetAddress> failed,
        RandomGenerator random,
        @Nullable List<Step> steps) {

    Workload source() {
        return self.value();
    }

    InetAddress dialled() {
        return destination.getAddress();
    }

    /** Notes a decision, for explanations. */
    void note(String what, @Nullable Resource<?> by, String detail) {
        if (steps != null) {
            steps.add(new Step(what, by == null ? "" : by.name(), by == null ? "" : by.version(), detail));
        }
    }

    boolean explains() {
        return steps != null;
    }
}
