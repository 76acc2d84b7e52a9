package io.hbone.enrollment.rules;

import io.hbone.zds.NetworkNamespace;
import java.net.InetAddress;
import java.util.Set;

/**
 * The machine's own part in letting health probes past nodes (spec/ztunnel.md 15): what processes of the machine's network send to pods by
 * TCP gets a source address that the rules of those pods let pass, see {@link RedirectSettings.Builder#exemptProbes}. All methods
 * block, and are for one thread at a time.
 */
public interface HostProbes {
    /**
     * With nft, in a table of its own: what others have in theirs stays as it is.
     *
     * @param machine where the kubelet runs; stays the caller's, and open
     */
    static HostProbes of(NetworkNamespace machine) {
        return new NftHostProbes(machine, new NftBackend(Tools.system()));
    }

    /**
     * Makes these the pods whose probes get that address, whatever was there before, in one step; with none, nothing is left. Nothing
     * is written where it is so already. Connections that are open stay as they are.
     *
     * @throws RedirectException when it could not be written, or is not there afterwards
     */
    void apply(Set<InetAddress> pods) throws RedirectException;
}
