package io.hbone.enrollment.rules;

import java.util.List;

/** All rules of a family that redirect a namespace, as a value: what is written, and what what is found is compared with. */
record RuleSet(Convention convention, Family family, List<Chain> chains) {
    RuleSet {
        chains = List.copyOf(chains);
    }

    /** One that captures nothing more, and keeps alive what was captured: the chains of the table nat stay, without a rule. */
    RuleSet released() {
        return new RuleSet(
                convention,
                family,
                chains.stream()
                        .map(chain ->
                                chain.table() == Table.NAT ? new Chain(Table.NAT, chain.hook(), List.of()) : chain)
                        .toList());
    }
}
