package io.hbone.enrollment.rules;

import java.util.Locale;

/** iptables' tables, in the order in which packets meet them and in which ours are written: nothing is captured before it can be answered. */
enum Table {
    RAW(-300),
    MANGLE(-150),
    NAT(-100);

    private final int priority;

    Table(int priority) {
        this.priority = priority;
    }

    /** Of nft's base chain (nft(8), "standard priority names"). */
    int priority() {
        return priority;
    }

    /** nft's type of the base chain: {@code route} looks the route up again after a mark was set. */
    String nftType(Hook hook) {
        return switch (this) {
            case RAW -> "filter";
            case MANGLE -> hook == Hook.OUTPUT ? "route" : "filter";
            case NAT -> "nat";
        };
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
