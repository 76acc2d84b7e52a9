package io.hbone.enrollment.rules;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.enrollment.rules.IptablesState.Jump;
import io.hbone.enrollment.rules.IptablesState.Place;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** From anything that may be found to anything that may be wanted: the script leads there, word for word as iptables would do it. */
class IptablesStatePropertyTest {
    private static final List<RuleSet> WANTED = RuleSetsTest.SETS.values().stream()
            .filter(settings -> settings.convention() == Convention.CILIUM)
            .map(settings -> RuleSets.of(settings, Family.IPV4))
            .toList();

    private static final List<String> THEIRS = List.of(
            "-j CILIUM_OUTPUT",
            "-j CILIUM_PREROUTING",
            "-p tcp -m comment --comment \"a b\" -j CILIUM_OUTPUT",
            "-i eth1 -g CILIUM_PREROUTING");

    static LongStream seeds() {
        return LongStream.range(0, 400);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void script_fromAnyState_leadsToAnyOther(long seed) {
        Random random = new Random(seed);
        IptablesState found = any(random);
        IptablesState wanted = random.nextInt(4) == 0 ? IptablesState.NONE : IptablesState.of(anyOf(random, WANTED));

        String script = found.to(wanted);
        String after = applied(found, script);

        assertThat(IptablesState.parse(after, Convention.CILIUM).isSame(wanted))
                .as("%s%nby%n%s%nbecame%n%s", found, script, after)
                .isTrue();
        assertThat(wanted.to(wanted)).isEmpty();
    }

    private static <T> T anyOf(Random random, List<T> all) {
        return all.get(random.nextInt(all.size()));
    }

    /** Some of a set, with what others left. */
    private static IptablesState any(Random random) {
        IptablesState whole = IptablesState.of(anyOf(random, WANTED));
        Map<Place, List<Rule>> chains = new LinkedHashMap<>();
        whole.chains().forEach((place, rules) -> {
            if (random.nextInt(4) > 0) {
                List<Rule> some = new ArrayList<>(rules);
                some.removeIf(rule -> random.nextInt(5) == 0);
                chains.put(place, some);
            }
        });
        List<Jump> jumps = new ArrayList<>(whole.jumps());
        for (int i = random.nextInt(4); i > 0; i--) {
            Place from = new Place(anyOf(random, List.of(Table.values())), anyOf(random, List.of("INPUT", "OUTPUT")));
            jumps.add(random.nextInt(jumps.size() + 1), new Jump(from, anyOf(random, THEIRS)));
        }
        jumps.removeIf(jump -> {
            String target = jump.text().substring(jump.text().lastIndexOf(' ') + 1);
            return !chains.containsKey(new Place(jump.from().table(), target));
        });
        return new IptablesState(chains, jumps);
    }

    /** What {@code iptables-restore --noflush} makes of a state, as iptables-save shows it. */
    private static String applied(IptablesState state, String script) {
        Map<String, Map<String, List<String>>> tables = new LinkedHashMap<>();
        for (Table table : Table.values()) {
            tables.put(table.toString(), new LinkedHashMap<>());
            for (String chain : List.of("PREROUTING", "INPUT", "OUTPUT")) {
                tables.get(table.toString()).put(chain, new ArrayList<>());
            }
        }
        state.chains()
                .forEach((place, rules) -> tables.get(place.table().toString())
                        .put(
                                place.chain(),
                                new ArrayList<>(
                                        rules.stream().map(IptablesRule::render).toList())));
        state.jumps()
                .forEach(jump -> tables.get(jump.from().table().toString())
                        .get(jump.from().chain())
                        .add(jump.text()));
        String table = "";
        for (String line : script.lines().toList()) {
            String[] words = line.split(" ", 3);
            Map<String, List<String>> chains = tables.get(table);
            if (line.startsWith("*")) {
                table = line.substring(1);
            } else if (line.startsWith(":")) {
                chains.put(words[0].substring(1), new ArrayList<>());
            } else if (line.equals("COMMIT")) {
                table = "";
            } else {
                command(chains, words);
            }
        }
        StringBuilder saved = new StringBuilder();
        tables.forEach((name, chains) -> {
            saved.append('*').append(name).append('\n');
            chains.keySet().forEach(chain -> saved.append(':').append(chain).append(" - [0:0]\n"));
            chains.forEach((chain, rules) -> rules.forEach(rule ->
                    saved.append("-A ").append(chain).append(' ').append(rule).append('\n')));
            saved.append("COMMIT\n");
        });
        return saved.toString();
    }

    private static void command(Map<String, List<String>> chains, String[] words) {
        List<String> rules = chains.get(words[1]);
        assertThat(rules).as(String.join(" ", words)).isNotNull();
        switch (words[0]) {
            case "-A" -> rules.add(words[2]);
            case "-D" ->
                assertThat(rules.remove(words[2])).as("is there to be deleted").isTrue();
            case "-F" -> rules.clear();
            case "-X" -> {
                assertThat(rules).isEmpty();
                assertThat(chains.values().stream().flatMap(List::stream))
                        .noneMatch(rule -> rule.endsWith(" " + words[1]));
                chains.remove(words[1]);
            }
            default -> throw new AssertionError(words[0]);
        }
    }
}
