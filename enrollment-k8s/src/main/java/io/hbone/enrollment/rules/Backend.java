package io.hbone.enrollment.rules;

/** What rules are written with. */
public enum Backend {
    /** {@code iptables-nft-restore}: iptables' rules, kept by nf_tables. A table at a time is swapped at once. */
    IPTABLES_NFT("iptables-nft"),
    /** {@code iptables-legacy-restore}: iptables' rules in the tables of old. A table at a time is swapped at once. */
    IPTABLES_LEGACY("iptables-legacy"),
    /** {@code nft}: tables of nf_tables' own, both families in one transaction. */
    NFT("nft");

    private final String text;

    Backend(String text) {
        this.text = text;
    }

    /** The name of the tool. */
    @Override
    public String toString() {
        return text;
    }
}
