package io.hbone.enrollment.rules;

import io.hbone.zds.NetworkNamespace;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the tools print of a namespace, to be read as the rules of any convention.
 *
 * @param saved by iptables-save, for each kind and family
 * @param nft by {@code nft -j list ruleset inet}; null when none of the tables is ours
 */
record Survey(
        Map<Backend, Map<Family, String>> saved, @Nullable String nft) {
    private static final Logger logger = LoggerFactory.getLogger(Survey.class);

    Inventory of(Convention convention) {
        Map<Backend, Map<Family, IptablesState>> states = new EnumMap<>(Backend.class);
        saved.forEach((backend, families) -> {
            Map<Family, IptablesState> of = new EnumMap<>(Family.class);
            families.forEach((family, text) -> of.put(family, IptablesState.parse(text, convention)));
            states.put(backend, of);
        });
        return new Inventory(states, nft == null ? NftState.NONE : NftState.parse(nft, convention));
    }

    /** Whether a backend has any rules at all, anybody's. */
    boolean hasRules(Backend backend) {
        return saved.getOrDefault(backend, Map.of()).values().stream().anyMatch(text -> text.contains("\n-A "));
    }

    /** Looks at everything. */
    static Survey all(NetworkNamespace namespace, Namespaced facts, Backends backends) throws RedirectException {
        Map<Backend, Map<Family, String>> saved = new EnumMap<>(Backend.class);
        if (!facts.legacy().isEmpty()) {
            if (backends.legacy().isThere(namespace)) {
                saved.put(Backend.IPTABLES_LEGACY, backends.legacy().save(namespace, facts.legacy()));
            } else {
                logger.warn("{} has tables of iptables-legacy, which is not installed: not looked at", namespace);
            }
        }
        Set<Family> ofNft = EnumSet.copyOf(facts.families());
        String rules = null;
        if (backends.nft().isThere()) {
            String tables = backends.nft().tables(namespace);
            ofNft.removeIf(family -> !hasIptables(tables, family));
            if (Stream.of(Convention.values()).anyMatch(each -> NftState.hasAny(tables, each))) {
                rules = backends.nft().rules(namespace);
            }
        }
        if (!ofNft.isEmpty() && backends.iptablesNft().isThere(namespace)) {
            saved.put(Backend.IPTABLES_NFT, backends.iptablesNft().save(namespace, ofNft));
        }
        return new Survey(saved, rules);
    }

    /** Looks at what some backends have, and what another one has is not in it. */
    static Survey only(Set<Backend> which, NetworkNamespace namespace, Namespaced facts, Backends backends)
            throws RedirectException {
        Map<Backend, Map<Family, String>> saved = new EnumMap<>(Backend.class);
        for (Backend each : which) {
            if (each != Backend.NFT) {
                saved.put(each, backends.iptables(each).save(namespace, facts.families()));
            }
        }
        return new Survey(saved, which.contains(Backend.NFT) ? backends.nft().rules(namespace) : null);
    }

    private static boolean hasIptables(String tables, Family family) {
        return NftJson.objects(tables).stream()
                .map(Map.Entry::getValue)
                .anyMatch(table -> family.nft().equals(table.get("family"))
                        && Stream.of(Table.values())
                                .anyMatch(each -> each.toString().equals(table.get("name"))));
    }
}
