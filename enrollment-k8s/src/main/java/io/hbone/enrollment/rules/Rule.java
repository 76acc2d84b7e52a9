package io.hbone.enrollment.rules;

import io.hbone.enrollment.rules.Match.Transport;
import io.hbone.xds.model.Cidr;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * One rule of a chain.
 *
 * @param matches all of them, in any order
 */
record Rule(Set<Match> matches, Target target) {
    Rule {
        matches = Set.copyOf(matches);
    }

    static Rule of(Target target, Match... matches) {
        return new Rule(new LinkedHashSet<>(Arrays.asList(matches)), target);
    }

    static Match not(Match match) {
        return new Match.Not(match);
    }

    static Match tcp() {
        return new Match.Protocol(Transport.TCP);
    }

    static Match udp() {
        return new Match.Protocol(Transport.UDP);
    }

    static Match to(Cidr network) {
        return new Match.Destination(network);
    }

    static Match toTcp(int port) {
        return new Match.DestinationPort(Transport.TCP, port);
    }

    static Match toUdp(int port) {
        return new Match.DestinationPort(Transport.UDP, port);
    }

    static Match marked(Mark mark) {
        return new Match.PacketMark(mark);
    }
}
