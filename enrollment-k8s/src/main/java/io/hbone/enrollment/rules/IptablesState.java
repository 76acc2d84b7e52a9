package io.hbone.enrollment.rules;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What iptables has of a convention's chains in a namespace, for one family.
 *
 * @param chains with their rules, in their order
 * @param jumps rules elsewhere that lead to them, in their order
 */
record IptablesState(Map<Place, List<Rule>> chains, List<Jump> jumps) {
    /** Nothing of ours. */
    static final IptablesState NONE = new IptablesState(Map.of(), List.of());

    private static final Pattern TARGET = Pattern.compile("(?:^|\\s)(?:-j|-g) (\\S+)");

    /** A chain of a table. */
    record Place(Table table, String chain) {}

    /** A rule that leads to a chain of ours, as iptables-save writes it behind {@code -A chain}. */
    record Jump(Place from, String text) {}

    /** What the rules are when they are in place. */
    static IptablesState of(RuleSet rules) {
        Map<Place, List<Rule>> chains = new LinkedHashMap<>();
        List<Jump> jumps = new ArrayList<>();
        for (Chain chain : rules.chains()) {
            String name = rules.convention().chain(chain.hook());
            chains.put(new Place(chain.table(), name), chain.rules());
            jumps.add(new Jump(new Place(chain.table(), chain.hook().name()), "-j " + name));
        }
        return new IptablesState(chains, jumps);
    }

    /** @param saved what iptables-save printed */
    static IptablesState parse(String saved, Convention convention) {
        Map<Place, List<Rule>> chains = new LinkedHashMap<>();
        List<Jump> jumps = new ArrayList<>();
        Table table = null;
        for (String line : saved.lines().toList()) {
            if (line.startsWith("*")) {
                table = table(line.substring(1).strip());
            } else if (table == null) {
                continue; // none in which we have anything
            } else if (line.startsWith(":")) {
                String name = word(line.substring(1), 0);
                if (convention.owns(name)) {
                    chains.computeIfAbsent(new Place(table, name), place -> new ArrayList<>());
                }
            } else if (line.startsWith("-A ")) {
                String name = word(line, 1);
                String text = line.substring("-A ".length() + name.length()).strip();
                Place place = new Place(table, name);
                Matcher target = TARGET.matcher(text);
                if (convention.owns(name)) {
                    chains.computeIfAbsent(place, absent -> new ArrayList<>()).add(IptablesRule.parse(text));
                } else if (target.find() && convention.owns(target.group(1))) {
                    jumps.add(new Jump(place, text));
                }
            }
        }
        return new IptablesState(chains, jumps);
    }

    private static @Nullable Table table(String name) {
        return Stream.of(Table.values())
                .filter(table -> table.name().toLowerCase(Locale.ROOT).equals(name))
                .findFirst()
                .orElse(null);
    }

    private static String word(String text, int index) {
        String[] words = text.split(" ", index + 2);
        return index < words.length ? words[index] : "";
    }

    boolean isNone() {
        return chains.isEmpty() && jumps.isEmpty();
    }

    /** Whether it is that, in whatever order the chains are. */
    boolean isSame(IptablesState other) {
        return chains.equals(other.chains) && count(jumps).equals(count(other.jumps));
    }

    private static Map<Jump, Long> count(List<Jump> jumps) {
        return jumps.stream().collect(Collectors.groupingBy(jump -> jump, Collectors.counting()));
    }

    /**
     * What leads from here to there, for {@code iptables-restore --noflush}. Chains that are wanted are swapped as a whole, jumps stay
     * where they are or are added behind all others, and what is not wanted goes. On the way to nothing the tables are taken in the
     * opposite order, so that nothing is captured any more that could not be answered.
     *
     * @return empty when nothing is to be done
     */
    String to(IptablesState wanted) {
        if (isSame(wanted)) {
            return "";
        }
        StringBuilder script = new StringBuilder();
        List<Table> tables = new ArrayList<>(List.of(Table.values()));
        if (wanted.isNone()) {
            Collections.reverse(tables);
        }
        tables.forEach(table -> only(table).section(table, wanted.only(table), script));
        return script.toString();
    }

    private IptablesState only(Table table) {
        Map<Place, List<Rule>> of = new LinkedHashMap<>(chains);
        of.keySet().removeIf(place -> place.table() != table);
        return new IptablesState(
                of, jumps.stream().filter(jump -> jump.from().table() == table).toList());
    }

    private void section(Table table, IptablesState wanted, StringBuilder script) {
        if (isSame(wanted)) {
            return;
        }
        script.append('*').append(table).append('\n');
        wanted.chains
                .keySet()
                .forEach(place ->
                        script.append(':').append(place.chain()).append(" - [0:0]\n")); // makes it, or empties it
        List<Jump> missing = new ArrayList<>(wanted.jumps);
        for (Jump jump : jumps) {
            if (!missing.remove(jump)) {
                rule(script, "-D", jump.from(), jump.text());
            }
        }
        missing.forEach(jump -> rule(script, "-A", jump.from(), jump.text()));
        wanted.chains.forEach(
                (place, rules) -> rules.forEach(rule -> rule(script, "-A", place, IptablesRule.render(rule))));
        List<Place> gone = chains.keySet().stream()
                .filter(place -> !wanted.chains.containsKey(place))
                .toList();
        gone.forEach(place -> script.append("-F ").append(place.chain()).append('\n'));
        gone.forEach(place -> script.append("-X ").append(place.chain()).append('\n'));
        script.append("COMMIT\n");
    }

    private static void rule(StringBuilder script, String command, Place place, String text) {
        script.append(command)
                .append(' ')
                .append(place.chain())
                .append(' ')
                .append(text)
                .append('\n');
    }
}
