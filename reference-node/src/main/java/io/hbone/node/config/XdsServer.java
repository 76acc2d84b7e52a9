package io.hbone.node.config;

import io.hbone.xds.ads.NodeInfo;
import io.hbone.xds.ads.XdsAddress;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The server that says who is where (spec/ztunnel.md 7.1 and 14).
 *
 * @param address {@code XDS_ADDRESS}
 * @param roots {@code XDS_ROOT_CA}: a file, PEM itself, or {@code SYSTEM}
 * @param alternativeName {@code ALT_XDS_HOSTNAME}: what its certificate may be for besides the host of the address; null for
 *     nothing
 * @param token {@code AUTH_TOKEN}: a file, or the token itself; empty for none
 * @param headers every {@code XDS_HEADER_<name>}, by the variable's name
 * @param node who the node says that it is
 * @param onDemand {@code XDS_ON_DEMAND}: whether workloads and services are asked for one by one, when they are needed
 */
public record XdsServer(
        XdsAddress address,
        String roots,
        @Nullable String alternativeName,
        String token,
        Map<String, String> headers,
        NodeInfo node,
        boolean onDemand) {
    public XdsServer {
        headers = Map.copyOf(headers);
    }

    /** The address alone: tokens and headers are secrets. */
    @Override
    public String toString() {
        return address.toString();
    }
}
