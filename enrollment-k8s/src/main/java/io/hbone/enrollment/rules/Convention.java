package io.hbone.enrollment.rules;

/** Whose names and habits a set of rules has, so that its agent and tools know it. */
public enum Convention {
    /** spec/cilium.md 3: all that is not marked goes to the node, probes too. */
    CILIUM("CILIUM_PREROUTING", "CILIUM_OUTPUT", "cilium-ztunnel", "cilium"),
    /** spec/ztunnel.md 15: health probes from the machine's own address go past the node. */
    ISTIO("ISTIO_PRERT", "ISTIO_OUTPUT", "istio-ambient", "istio");

    private final String prerouting;
    private final String output;
    private final String nftTable;
    private final String nftChain;

    Convention(String prerouting, String output, String nftTable, String nftChain) {
        this.prerouting = prerouting;
        this.output = output;
        this.nftTable = nftTable;
        this.nftChain = nftChain;
    }

    /** What iptables calls the chain behind a hook, in every table. */
    String chain(Hook hook) {
        return hook == Hook.PREROUTING ? prerouting : output;
    }

    boolean owns(String chain) {
        return chain.equals(prerouting) || chain.equals(output);
    }

    /** What nft calls the chain behind a hook. */
    String nftChain(Hook hook) {
        return nftChain + '-' + hook.nft();
    }

    /** What nft calls the table, in family {@code inet}. */
    String nftTable(Table table) {
        return nftTable + '-' + table;
    }
}
