package io.hbone.enrollment.rules;

import io.hbone.enrollment.rules.NftState.NftRule;
import java.util.Comparator;
import java.util.List;

/** A rule as nft reads it (nft(8)). */
final class NftText {
    private NftText() {}

    static String of(NftRule rule) {
        StringBuilder text = new StringBuilder();
        List<Match> matches = rule.rule().matches().stream()
                .sorted(Comparator.comparingInt(NftText::rank))
                .toList();
        boolean saysFamily = matches.stream().map(NftText::positive).anyMatch(NftText::isAddress);
        if (rule.family() != null && !saysFamily) {
            text.append("meta nfproto ")
                    .append(rule.family() == Family.IPV4 ? "ipv4" : "ipv6")
                    .append(' ');
        }
        for (Match match : matches) {
            text.append(match(positive(match), match instanceof Match.Not)).append(' ');
        }
        return text.append(target(rule.rule().target())).toString();
    }

    private static Match positive(Match match) {
        return match instanceof Match.Not not ? not.of() : match;
    }

    private static boolean isAddress(Match match) {
        return match instanceof Match.Source || match instanceof Match.Destination;
    }

    private static int rank(Match match) {
        List<Class<? extends Match>> order = List.of(
                Match.InInterface.class,
                Match.OutInterface.class,
                Match.Source.class,
                Match.Destination.class,
                Match.Protocol.class,
                Match.SourcePort.class,
                Match.DestinationPort.class,
                Match.Syn.class,
                Match.PacketMark.class,
                Match.ConnectionMark.class);
        return order.indexOf(positive(match).getClass());
    }

    private static String match(Match match, boolean negated) {
        String is = negated ? " != " : " ";
        if (match instanceof Match.Source source) {
            return Family.of(source.network()).nft() + " saddr" + is + source.network();
        }
        if (match instanceof Match.Destination destination) {
            return Family.of(destination.network()).nft() + " daddr" + is + destination.network();
        }
        if (match instanceof Match.InInterface in) {
            return "iifname" + is + '"' + in.name() + '"';
        }
        if (match instanceof Match.OutInterface out) {
            return "oifname" + is + '"' + out.name() + '"';
        }
        if (match instanceof Match.Protocol protocol) {
            return "meta l4proto" + is + protocol.transport();
        }
        if (match instanceof Match.SourcePort port) {
            return port.transport() + " sport" + is + port.port();
        }
        if (match instanceof Match.DestinationPort port) {
            return port.transport() + " dport" + is + port.port();
        }
        if (match instanceof Match.Syn) {
            return "tcp flags & (fin | syn | rst | ack)" + (negated ? " != " : " == ") + "syn";
        }
        if (match instanceof Match.PacketMark mark) {
            return "meta mark" + bits(mark.mark(), negated);
        }
        if (match instanceof Match.ConnectionMark mark) {
            return "ct mark" + bits(mark.mark(), negated);
        }
        throw new IllegalArgumentException(match + " (expected: a match that nft has)");
    }

    private static String bits(Mark mark, boolean negated) {
        return " & " + Mark.hex(mark.mask()) + (negated ? " != " : " == ") + Mark.hex(mark.value());
    }

    private static String target(Target target) {
        if (target instanceof Target.Accept) {
            return "accept";
        }
        if (target instanceof Target.Return) {
            return "return";
        }
        if (target instanceof Target.Jump jump) {
            return "jump " + jump.chain();
        }
        if (target instanceof Target.Redirect redirect) {
            return "redirect to :" + redirect.port();
        }
        if (target instanceof Target.MarkConnection set) {
            Mark mark = set.mark();
            return "ct mark set ct mark & " + Mark.hex(~mark.mask()) + " | " + Mark.hex(mark.value());
        }
        if (target instanceof Target.RestoreMark) {
            return "meta mark set ct mark";
        }
        if (target instanceof Target.Zone zone) {
            return "ct zone set " + zone.zone();
        }
        throw new IllegalArgumentException(target + " (expected: a target of ours)");
    }
}
