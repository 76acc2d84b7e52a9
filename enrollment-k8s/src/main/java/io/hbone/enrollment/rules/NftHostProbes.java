package io.hbone.enrollment.rules;

import io.hbone.core.IpLiteral;
import io.hbone.zds.NetworkNamespace;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Keeps nothing between calls: what is there is read, and written anew when it is not what is wanted. */
final class NftHostProbes implements HostProbes {
    static final String TABLE = "hbone-probes";

    private static final String CHAIN = "postrouting";

    /** Before others that hide local addresses, such as kube-proxy: the first one that translates decides. */
    private static final int PRIORITY = 99;

    private final NetworkNamespace machine;
    private final NftBackend nft;

    NftHostProbes(NetworkNamespace machine, NftBackend nft) {
        this.machine = machine;
        this.nft = nft;
    }

    @Override
    public void apply(Set<InetAddress> pods) throws RedirectException {
        if (!nft.isThere()) {
            if (pods.isEmpty()) {
                return;
            }
            throw new RedirectException(
                    "there is no nft to let health probes past the node with (expected: it, or no --exempt-probes)",
                    null);
        }
        if (isInPlace(pods)) {
            return;
        }
        nft.write(machine, script(pods));
        if (!isInPlace(pods)) {
            throw new RedirectException(
                    "the table " + TABLE + " in " + machine + " is another than the one that nft was given (expected: "
                            + pods + ", found: " + nft.table(machine, TABLE) + ')',
                    null);
        }
    }

    private static String script(Set<InetAddress> pods) {
        // Added first, so that it can be deleted where there is none.
        StringBuilder script = new StringBuilder("add table " + NftState.FAMILY + ' ' + TABLE + '\n' + "delete table "
                + NftState.FAMILY + ' ' + TABLE + '\n');
        if (pods.isEmpty()) {
            return script.toString();
        }
        script.append("table ")
                .append(NftState.FAMILY)
                .append(' ')
                .append(TABLE)
                .append(" {\n");
        for (Family family : Family.values()) {
            Set<String> elements = elements(pods, family);
            script.append("  set ")
                    .append(set(family))
                    .append(" { type ")
                    .append(type(family))
                    .append(';');
            if (!elements.isEmpty()) {
                script.append(" elements = { ")
                        .append(String.join(", ", elements))
                        .append(" };");
            }
            script.append(" }\n");
        }
        script.append(
                "  chain " + CHAIN + " {\n    type nat hook postrouting priority " + PRIORITY + "; policy accept;\n");
        for (Family family : Family.values()) {
            // Only what a socket of this network sends has an owner: what is forwarded, from pod to pod, has none here.
            script.append("    meta l4proto tcp meta skuid >= 0 %1$s daddr @%2$s snat %1$s to %3$s%n"
                    .formatted(
                            family.nft(), set(family), address(family.probes().address())));
        }
        return script.append("  }\n}\n").toString();
    }

    private boolean isInPlace(Set<InetAddress> pods) throws RedirectException {
        Map<String, Set<String>> sets = new HashMap<>();
        Set<Object> rules = new HashSet<>();
        int count = 0;
        boolean chain = false;
        for (Map.Entry<String, Map<?, ?>> object : NftJson.objects(nft.table(machine, TABLE))) {
            Map<?, ?> content = object.getValue();
            switch (object.getKey()) {
                case "set" -> sets.put(String.valueOf(content.get("name")), texts(content.get("elem")));
                case "chain" ->
                    chain |= new NftState.Base("nat", CHAIN, PRIORITY, "accept").equals(NftJson.base(content));
                case "rule" -> {
                    count++;
                    rules.add(content.get("expr"));
                }
                default -> {
                    // The table itself, and nft's version.
                }
            }
        }
        if (pods.isEmpty()) {
            return sets.isEmpty() && rules.isEmpty() && !chain;
        }
        Map<String, Set<String>> wantedSets = new HashMap<>();
        Set<Object> wantedRules = new HashSet<>();
        for (Family family : Family.values()) {
            wantedSets.put(set(family), elements(pods, family));
            wantedRules.add(expression(family));
        }
        return chain && count == wantedRules.size() && sets.equals(wantedSets) && rules.equals(wantedRules);
    }

    /** The rule, as nft prints it. */
    private static List<Object> expression(Family family) {
        return List.of(
                match("==", Map.of("meta", Map.of("key", "l4proto")), "tcp"),
                match(">=", Map.of("meta", Map.of("key", "skuid")), 0),
                match("==", Map.of("payload", Map.of("protocol", family.nft(), "field", "daddr")), '@' + set(family)),
                Map.of(
                        "snat",
                        Map.of(
                                "family",
                                family.nft(),
                                "addr",
                                address(family.probes().address()))));
    }

    private static Map<String, Object> match(String op, Object left, Object right) {
        return Map.of("match", Map.of("op", op, "left", left, "right", right));
    }

    private static Set<String> texts(@Nullable Object elements) {
        return elements instanceof List<?> list
                ? list.stream().map(String::valueOf).collect(Collectors.toSet())
                : Set.of();
    }

    private static Set<String> elements(Set<InetAddress> pods, Family family) {
        return pods.stream()
                .filter(pod -> Family.of(pod) == family)
                .map(NftHostProbes::address)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String address(InetAddress address) {
        return IpLiteral.format(address);
    }

    private static String set(Family family) {
        return family == Family.IPV4 ? "pods-v4" : "pods-v6";
    }

    private static String type(Family family) {
        return family == Family.IPV4 ? "ipv4_addr" : "ipv6_addr";
    }
}
