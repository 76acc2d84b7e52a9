package io.hbone.xds.server;

import io.hbone.xds.NamedResource;
import io.hbone.xds.ads.NodeInfo;

/** What a node gets to see. A pure function: for the same node and resource it always answers the same. */
@FunctionalInterface
public interface ResourceFilter {
    /** Everybody sees everything. */
    ResourceFilter ALL = (node, typeUrl, resource) -> true;

    boolean sees(NodeInfo node, String typeUrl, NamedResource resource);
}
