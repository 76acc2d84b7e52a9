package io.hbone.enrollment.rules;

/** All that rules can be written with. */
record Backends(IptablesBackend iptablesNft, IptablesBackend legacy, NftBackend nft) {
    static Backends of(Tools tools) {
        return new Backends(
                new IptablesBackend(tools, Backend.IPTABLES_NFT),
                new IptablesBackend(tools, Backend.IPTABLES_LEGACY),
                new NftBackend(tools));
    }

    IptablesBackend iptables(Backend backend) {
        return switch (backend) {
            case IPTABLES_NFT -> iptablesNft;
            case IPTABLES_LEGACY -> legacy;
            case NFT -> throw new IllegalArgumentException(backend + " (expected: an iptables)");
        };
    }
}
