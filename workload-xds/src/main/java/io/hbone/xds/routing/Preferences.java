package io.hbone.xds.routing;

import io.hbone.xds.model.LoadBalancing;
import io.hbone.xds.model.LoadBalancing.Mode;
import io.hbone.xds.model.LoadBalancing.Scope;
import io.hbone.xds.model.Workload;
import java.util.List;

/** How well an endpoint fits a client (spec/ztunnel.md 4.2). */
final class Preferences {
    /** It does not fit at all. */
    static final int NEVER = -1;

    private Preferences() {}

    /** Greater fits better. */
    static int rank(LoadBalancing balancing, Workload client, Workload endpoint) {
        if (balancing.mode() != Mode.FAILOVER && balancing.mode() != Mode.STRICT) {
            return 0;
        }
        List<Scope> scopes = balancing.preferences();
        int rank = 0;
        boolean all = true;
        for (int i = 0; i < scopes.size(); i++) {
            boolean shared = share(scopes.get(i), client, endpoint);
            all &= shared;
            boolean networkFirst = i == 0 && scopes.get(i) == Scope.NETWORK;
            if (shared) {
                // Another network is farther away than anything else can be, and what is near in there still counts.
                rank += networkFirst ? scopes.size() : 1;
            } else if (!networkFirst) {
                break;
            }
        }
        return balancing.mode() == Mode.STRICT && !all ? NEVER : rank;
    }

    private static boolean share(Scope scope, Workload one, Workload other) {
        return switch (scope) {
            case REGION -> one.locality().region().equals(other.locality().region());
            case ZONE -> one.locality().zone().equals(other.locality().zone());
            case SUBZONE -> one.locality().subzone().equals(other.locality().subzone());
            case NODE -> one.node().equals(other.node());
            case CLUSTER -> one.clusterId().equals(other.clusterId());
            case NETWORK -> one.network().equals(other.network());
        };
    }
}
