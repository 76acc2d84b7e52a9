package io.hbone.xds.server;

import io.hbone.xds.ads.NodeInfo;
import java.util.Map;

/**
 * How things stand with one client.
 *
 * @param node who it says that it is
 * @param address where it comes from
 * @param types by type URL
 */
public record ClientStatus(NodeInfo node, String address, Map<String, OfType> types) {
    public ClientStatus {
        types = Map.copyOf(types);
    }

    /**
     * How things stand with one type.
     *
     * @param behind how many revisions of the type are still to be sent
     * @param unanswered responses that it has neither taken nor rejected
     * @param acked responses that it took
     * @param nacked responses of which it rejected something
     * @param lastError what it said when it did so last; empty for never
     */
    public record OfType(long behind, int unanswered, long acked, long nacked, String lastError) {}
}
