package io.hbone.enrollment.rules;

import java.util.Collection;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * What there is of a convention's rules in a namespace, whatever they were written with.
 *
 * @param iptables for {@link Backend#IPTABLES_NFT} and {@link Backend#IPTABLES_LEGACY}; a family without anything may be missing
 */
record Inventory(Map<Backend, Map<Family, IptablesState>> iptables, NftState nft) {
    IptablesState iptables(Backend backend, Family family) {
        return iptables.getOrDefault(backend, Map.of()).getOrDefault(family, IptablesState.NONE);
    }

    /** What has any of them. */
    Set<Backend> backends() {
        Set<Backend> backends = EnumSet.noneOf(Backend.class);
        iptables.forEach((backend, states) -> {
            if (!states.values().stream().allMatch(IptablesState::isNone)) {
                backends.add(backend);
            }
        });
        if (!nft.isNone()) {
            backends.add(Backend.NFT);
        }
        return backends;
    }

    boolean isNone() {
        return backends().isEmpty();
    }

    /** Whether these rules are there, all by one backend, and no others. */
    boolean isExactly(Collection<RuleSet> rules) {
        Set<Backend> backends = backends();
        return backends.size() == 1 && has(backends.iterator().next(), rules);
    }

    /** Whether a backend has these rules and no others. */
    boolean has(Backend backend, Collection<RuleSet> rules) {
        if (backend == Backend.NFT) {
            return nft.isSame(NftState.of(rules));
        }
        for (Family family : Family.values()) {
            IptablesState wanted = rules.stream()
                    .filter(set -> set.family() == family)
                    .map(IptablesState::of)
                    .findFirst()
                    .orElse(IptablesState.NONE);
            if (!iptables(backend, family).isSame(wanted)) {
                return false;
            }
        }
        return true;
    }
}
