package io.hbone.enrollment.rules;

import io.hbone.zds.NetworkNamespace;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The policy rule and the route of {@link LocalDelivery}, by {@code ip} (ip-rule(8), ip-route(8)): one run of it for a family. */
final class PolicyRouting {
    private static final Pattern RULE = Pattern.compile("(\\d+):\\s+(.*\\S)\\s*");

    private final Tools tools;
    private final LocalDelivery delivery;

    PolicyRouting(Tools tools, LocalDelivery delivery) {
        this.tools = tools;
        this.delivery = delivery;
    }

    /**
     * What is there of ours.
     *
     * @param rules that look into our table for our mark: {@code priority selector}
     * @param routes local default routes of our table
     */
    record Found(List<String> rules, List<String> routes) {
        boolean isNone() {
            return rules.isEmpty() && routes.isEmpty();
        }
    }

    boolean isInPlace(Found found) {
        return found.rules.equals(List.of(rule())) && found.routes.size() == 1;
    }

    private String rule() {
        return "priority " + delivery.priority() + ' ' + selector();
    }

    private String selector() {
        return "from all fwmark " + delivery.mark() + " lookup " + delivery.table();
    }

    private String route() {
        return "local default dev lo table " + delivery.table();
    }

    Found read(NetworkNamespace namespace, Family family) throws RedirectException {
        return found(namespace, run(namespace, family, List.of()));
    }

    /** Puts both in place, and takes away what is beside them. */
    void install(NetworkNamespace namespace, Family family) throws RedirectException {
        Tools.Output output = run(namespace, family, List.of("rule add " + rule(), "route replace " + route()));
        Found found = found(namespace, output);
        if (isInPlace(found)) {
            return;
        }
        List<String> surplus = new ArrayList<>(found.rules);
        surplus.remove(rule());
        output = run(
                namespace,
                family,
                surplus.stream().map(each -> "rule del " + each).toList());
        if (!isInPlace(found(namespace, output))) {
            throw output.failure(namespace);
        }
    }

    void remove(NetworkNamespace namespace, Family family, Found found) throws RedirectException {
        if (found.isNone()) {
            return;
        }
        List<String> commands = new ArrayList<>();
        found.rules.forEach(each -> commands.add("rule del " + each));
        commands.addAll(Collections.nCopies(found.routes.size(), "route del " + route()));
        Tools.Output output = run(namespace, family, commands);
        if (!found(namespace, output).isNone()) {
            throw output.failure(namespace);
        }
    }

    /** Goes on behind a command that fails, such as adding what is there: what counts is what is there afterwards. */
    private Tools.Output run(NetworkNamespace namespace, Family family, List<String> commands)
            throws RedirectException {
        List<String> all = new ArrayList<>(commands);
        all.add("rule show");
        all.add("route show table " + delivery.table()); // the last, as it fails without such a table
        return tools.run(
                namespace,
                String.join("\n", all) + '\n',
                List.of("ip", family == Family.IPV4 ? "-4" : "-6", "-N", "-force", "-batch", "-"));
    }

    private Found found(NetworkNamespace namespace, Tools.Output output) throws RedirectException {
        List<String> rules = new ArrayList<>();
        List<String> routes = new ArrayList<>();
        boolean any = false;
        for (String line : output.printed().lines().toList()) {
            Matcher matcher = RULE.matcher(line);
            if (matcher.matches()) {
                any = true;
                if (matcher.group(2).replaceAll("\\s+", " ").equals(selector())) {
                    rules.add("priority " + matcher.group(1) + ' ' + selector());
                }
            } else if (isLocalDefault(line)) {
                routes.add(line.strip());
            }
        }
        if (!any && !output.isUnsupported()) {
            throw output.failure(namespace);
        }
        return new Found(rules, routes);
    }

    /** {@code -N} has numbers of the kinds of routes, too. */
    private static boolean isLocalDefault(String line) {
        return line.startsWith("local default dev lo") || line.startsWith("2 default dev lo");
    }
}
