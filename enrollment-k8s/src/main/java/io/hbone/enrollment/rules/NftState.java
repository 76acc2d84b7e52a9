package io.hbone.enrollment.rules;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What nft has of a convention's tables in a namespace, for both families: each of our tables has a base chain for each hook, which
 * jumps to the chain with our rules.
 */
record NftState(Map<Table, Map<String, NftChain>> tables) {
    /** Nothing of ours. */
    static final NftState NONE = new NftState(Map.of());

    /** The family of our tables: one for both versions of IP. */
    static final String FAMILY = "inet";

    /** @param base null for one that is jumped to */
    record NftChain(@Nullable Base base, List<NftRule> rules) {}

    /** How a chain hangs on a hook. */
    record Base(String type, String hook, int priority, String policy) {}

    /** @param family null for both */
    record NftRule(@Nullable Family family, Rule rule) {}

    /** What the rules are when they are in place. */
    static NftState of(Collection<RuleSet> sets) {
        Map<Table, Map<String, NftChain>> tables = new EnumMap<>(Table.class);
        for (RuleSet set : sets) {
            for (Chain chain : set.chains()) {
                Map<String, NftChain> chains = tables.computeIfAbsent(chain.table(), table -> new LinkedHashMap<>());
                String name = set.convention().nftChain(chain.hook());
                NftChain ours = chains.computeIfAbsent(name, absent -> new NftChain(null, new ArrayList<>()));
                chain.rules().forEach(rule -> ours.rules().add(new NftRule(set.family(), rule)));
                chains.putIfAbsent(chain.hook().nft(), base(chain, name));
            }
        }
        return new NftState(tables);
    }

    private static NftChain base(Chain chain, String target) {
        Base base = new Base(
                chain.table().nftType(chain.hook()),
                chain.hook().nft(),
                chain.table().priority(),
                "accept");
        return new NftChain(base, List.of(new NftRule(null, Rule.of(new Target.Jump(target)))));
    }

    /**
     * @param json what {@code nft -j list ruleset inet} printed
     * @throws IllegalArgumentException when it is something else
     */
    static NftState parse(String json, Convention convention) {
        Map<String, Table> names = names(convention);
        Map<Table, Map<String, NftChain>> tables = new EnumMap<>(Table.class);
        for (Map.Entry<String, Map<?, ?>> entry : NftJson.objects(json)) {
            Map<?, ?> object = entry.getValue();
            boolean isTable = entry.getKey().equals("table");
            Table table = names.get(String.valueOf(object.get(isTable ? "name" : "table")));
            if (table == null || !FAMILY.equals(object.get("family"))) {
                continue;
            }
            Map<String, NftChain> chains = tables.computeIfAbsent(table, absent -> new LinkedHashMap<>());
            if (entry.getKey().equals("chain")) {
                chains.put(String.valueOf(object.get("name")), new NftChain(NftJson.base(object), new ArrayList<>()));
            } else if (entry.getKey().equals("rule")) {
                NftChain chain = chains.get(String.valueOf(object.get("chain")));
                if (chain != null) {
                    chain.rules().add(NftJson.rule(object));
                }
            } else if (!isTable) { // a set or a map: none of ours has one
                chains.put(entry.getKey() + ' ' + object.get("name"), new NftChain(null, List.of()));
            }
        }
        return new NftState(tables);
    }

    static Map<String, Table> names(Convention convention) {
        return Stream.of(Table.values()).collect(Collectors.toMap(convention::nftTable, table -> table));
    }

    boolean isNone() {
        return tables.isEmpty();
    }

    /** Whether it is that, in whatever order the chains are. */
    boolean isSame(NftState other) {
        return tables.equals(other.tables);
    }

    /** Which tables nft has of a convention: those of {@code nft -j list tables}. */
    static boolean hasAny(String json, Convention convention) {
        Set<String> names = names(convention).keySet();
        return NftJson.objects(json).stream()
                .map(Map.Entry::getValue)
                .anyMatch(table ->
                        FAMILY.equals(table.get("family")) && names.contains(String.valueOf(table.get("name"))));
    }

    /**
     * What makes this of whatever is there, in one transaction, for {@code nft -f}.
     *
     * @param found of whose tables those go that are not in this one
     */
    String script(Convention convention, NftState found) {
        StringBuilder script = new StringBuilder();
        for (Table table : Table.values()) {
            String name = FAMILY + ' ' + convention.nftTable(table);
            Map<String, NftChain> chains = tables.get(table);
            if (chains == null && !found.tables.containsKey(table)) {
                continue;
            }
            script.append("add table ").append(name).append('\n'); // else it could not be deleted
            script.append("delete table ").append(name).append('\n');
            if (chains != null) {
                script.append("table ").append(name).append(" {\n");
                chains.forEach((chain, content) -> {
                    if (content.base() == null) {
                        chain(script, chain, content);
                    }
                });
                chains.forEach((chain, content) -> {
                    if (content.base() != null) { // what it jumps to must be there
                        chain(script, chain, content);
                    }
                });
                script.append("}\n");
            }
        }
        return script.toString();
    }

    private static void chain(StringBuilder script, String name, NftChain chain) {
        script.append("\tchain ").append(name).append(" {\n");
        if (chain.base() != null) {
            Base base = Objects.requireNonNull(chain.base());
            script.append("\t\ttype ").append(base.type());
            script.append(" hook ").append(base.hook());
            script.append(" priority ").append(base.priority());
            script.append("; policy ").append(base.policy()).append(";\n");
        }
        chain.rules()
                .forEach(rule -> script.append("\t\t").append(NftText.of(rule)).append('\n'));
        script.append("\t}\n");
    }
}
