package io.hbone.enrollment.rules;

import static io.hbone.enrollment.rules.Rule.marked;
import static io.hbone.enrollment.rules.Rule.not;
import static io.hbone.enrollment.rules.Rule.tcp;
import static io.hbone.enrollment.rules.Rule.to;
import static io.hbone.enrollment.rules.Rule.toTcp;
import static io.hbone.enrollment.rules.Rule.toUdp;
import static io.hbone.enrollment.rules.Rule.udp;

import io.hbone.enrollment.rules.Match.Transport;
import io.hbone.xds.model.Cidr;
import java.util.ArrayList;
import java.util.List;

/**
 * What the rules are, for each convention (spec/cilium.md 3.2, spec/ztunnel.md 15), with two differences from the originals.
 * What is in the middle of a TCP connection is let alone: the kernel begins to track connections with the first rule, takes the next
 * packet of one that is open for a new connection, and would redirect it. And ports and networks can be excluded.
 */
final class RuleSets {
    /** Keeps what the node asks a DNS server apart from what the application asked. */
    private static final int DNS_ZONE = 1;

    private static final int DNS = 53;

    private final RedirectSettings settings;
    private final Family family;
    private final Mark node;

    private RuleSets(RedirectSettings settings, Family family) {
        this.settings = settings;
        this.family = family;
        node = Mark.ofNode(settings.packetMark());
    }

    static RuleSet of(RedirectSettings settings, Family family) {
        return new RuleSets(settings, family).build();
    }

    private RuleSet build() {
        List<Chain> chains = new ArrayList<>();
        if (settings.captureDns()) {
            chains.add(new Chain(Table.RAW, Hook.PREROUTING, List.of(dnsAnswers())));
            chains.add(new Chain(Table.RAW, Hook.OUTPUT, List.of(dnsQuestions())));
        }
        chains.add(new Chain(Table.MANGLE, Hook.PREROUTING, List.of(markDelivered())));
        chains.add(new Chain(Table.MANGLE, Hook.OUTPUT, List.of(markAnswers())));
        chains.add(new Chain(Table.NAT, Hook.PREROUTING, incoming()));
        chains.add(new Chain(Table.NAT, Hook.OUTPUT, outgoing()));
        return new RuleSet(settings.convention(), family, chains);
    }

    private static Rule dnsZone(Match... matches) {
        return Rule.of(new Target.Zone(DNS_ZONE), matches);
    }

    private Rule dnsAnswers() {
        return dnsZone(udp(), new Match.SourcePort(Transport.UDP, DNS), not(marked(node)));
    }

    private Rule dnsQuestions() {
        return dnsZone(udp(), toUdp(DNS), marked(node));
    }

    private Rule markDelivered() {
        return Rule.of(new Target.MarkConnection(Mark.HERE), marked(node));
    }

    private static Rule markAnswers() {
        return Rule.of(new Target.RestoreMark(), new Match.ConnectionMark(Mark.HERE));
    }

    private List<Rule> incoming() {
        List<Rule> rules = new ArrayList<>();
        rules.add(middleOfConnection());
        for (String name : settings.virtualInterfaces()) {
            Match from = new Match.InInterface(name);
            rules.add(Rule.of(new Target.Redirect(settings.outboundPort()), from, tcp()));
            rules.add(Rule.of(new Target.Return(), from));
        }
        if (!settings.captureInbound()) {
            return rules;
        }
        if (settings.exemptProbes()) {
            rules.add(Rule.of(new Target.Accept(), new Match.Source(family.probes()), tcp()));
        }
        for (int port : settings.excludedInboundPorts()) {
            rules.add(Rule.of(new Target.Return(), tcp(), toTcp(port)));
        }
        rules.add(Rule.of(
                new Target.Redirect(settings.inboundPlaintextPort()),
                not(to(family.loopback())),
                tcp(),
                not(toTcp(settings.inboundPort())),
                not(marked(node))));
        return rules;
    }

    private List<Rule> outgoing() {
        List<Rule> rules = new ArrayList<>();
        rules.add(middleOfConnection());
        if (settings.exemptProbes()) {
            rules.add(Rule.of(new Target.Accept(), to(family.probes()), tcp()));
        }
        for (Cidr network : settings.excludedOutboundNetworks()) {
            if (Family.of(network) == family) {
                rules.add(Rule.of(new Target.Return(), to(network)));
            }
        }
        for (int port : settings.excludedOutboundPorts()) {
            rules.add(Rule.of(new Target.Return(), tcp(), toTcp(port)));
        }
        if (settings.captureDns()) {
            Target toProxy = new Target.Redirect(settings.dnsPort());
            rules.add(Rule.of(toProxy, not(new Match.OutInterface("lo")), udp(), toUdp(DNS), not(marked(node))));
            rules.add(Rule.of(toProxy, not(to(family.loopback())), tcp(), toTcp(DNS), not(marked(node))));
        }
        rules.add(Rule.of(new Target.Accept(), tcp(), marked(Mark.HERE)));
        rules.add(Rule.of(new Target.Accept(), not(to(family.loopback())), new Match.OutInterface("lo")));
        rules.add(Rule.of(
                new Target.Redirect(settings.outboundPort()), not(to(family.loopback())), tcp(), not(marked(node))));
        return rules;
    }

    private static Rule middleOfConnection() {
        return Rule.of(new Target.Return(), tcp(), not(new Match.Syn()));
    }
}
