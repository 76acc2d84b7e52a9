package io.hbone.enrollment.rules;

import io.hbone.core.IpLiteral;
import io.hbone.enrollment.rules.Match.Transport;
import io.hbone.xds.model.Cidr;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A rule as iptables-save writes it and iptables-restore reads it (iptables-extensions(8)), without the chain that it is in. */
final class IptablesRule {
    private static final String SYN_MASK = "FIN,SYN,RST,ACK";
    private static final String ALL_BITS = "0xffffffff";

    private IptablesRule() {}

    static String render(Rule rule) {
        StringBuilder text = new StringBuilder();
        String extension = "";
        List<Match> matches = rule.matches().stream()
                .sorted(Comparator.comparingInt(IptablesRule::rank))
                .toList();
        for (Match match : matches) {
            String needed = extension(positive(match));
            if (!needed.isEmpty() && !needed.equals(extension)) {
                text.append("-m ").append(needed).append(' ');
            }
            extension = needed;
            text.append(match instanceof Match.Not ? "! " : "")
                    .append(option(positive(match)))
                    .append(' ');
        }
        return text.append("-j ").append(target(rule.target())).toString();
    }

    private static Match positive(Match match) {
        return match instanceof Match.Not not ? not.of() : match;
    }

    /** iptables-save's own order. */
    private static int rank(Match match) {
        List<Class<? extends Match>> order = List.of(
                Match.Source.class,
                Match.Destination.class,
                Match.InInterface.class,
                Match.OutInterface.class,
                Match.Protocol.class,
                Match.SourcePort.class,
                Match.DestinationPort.class,
                Match.Syn.class,
                Match.PacketMark.class,
                Match.ConnectionMark.class);
        return order.indexOf(positive(match).getClass());
    }

    private static String extension(Match match) {
        if (match instanceof Match.SourcePort port) {
            return port.transport().toString();
        }
        if (match instanceof Match.DestinationPort port) {
            return port.transport().toString();
        }
        if (match instanceof Match.Syn) {
            return "tcp";
        }
        if (match instanceof Match.PacketMark) {
            return "mark";
        }
        return match instanceof Match.ConnectionMark ? "connmark" : "";
    }

    private static String option(Match match) {
        if (match instanceof Match.Source source) {
            return "-s " + source.network();
        }
        if (match instanceof Match.Destination destination) {
            return "-d " + destination.network();
        }
        if (match instanceof Match.InInterface in) {
            return "-i " + in.name();
        }
        if (match instanceof Match.OutInterface out) {
            return "-o " + out.name();
        }
        if (match instanceof Match.Protocol protocol) {
            return "-p " + protocol.transport();
        }
        if (match instanceof Match.SourcePort port) {
            return "--sport " + port.port();
        }
        if (match instanceof Match.DestinationPort port) {
            return "--dport " + port.port();
        }
        if (match instanceof Match.Syn) {
            return "--tcp-flags " + SYN_MASK + " SYN";
        }
        if (match instanceof Match.PacketMark mark) {
            return "--mark " + mark.mark();
        }
        if (match instanceof Match.ConnectionMark mark) {
            return "--mark " + mark.mark();
        }
        throw new IllegalArgumentException(match + " (expected: a match that iptables has)");
    }

    private static String target(Target target) {
        if (target instanceof Target.Accept) {
            return "ACCEPT";
        }
        if (target instanceof Target.Return) {
            return "RETURN";
        }
        if (target instanceof Target.Jump jump) {
            return jump.chain();
        }
        if (target instanceof Target.Redirect redirect) {
            return "REDIRECT --to-ports " + redirect.port();
        }
        if (target instanceof Target.MarkConnection mark) {
            return "CONNMARK --set-xmark " + mark.mark();
        }
        if (target instanceof Target.RestoreMark) {
            return "CONNMARK --restore-mark --nfmask " + ALL_BITS + " --ctmask " + ALL_BITS;
        }
        if (target instanceof Target.Zone zone) {
            return "CT --zone " + zone.zone();
        }
        throw new IllegalArgumentException(target + " (expected: a target of ours)");
    }

    /** Never fails: what is none of ours has a {@link Target.Foreign} target, which equals no rule that is wanted. */
    static Rule parse(String text) {
        try {
            return new Parser(text).rule();
        } catch (IllegalArgumentException e) {
            return Rule.of(new Target.Foreign(text));
        }
    }

    /** One pass over the words of a rule. */
    private static final class Parser {
        private final Deque<String> words;
        private final Set<Match> matches = new HashSet<>();
        private final List<String> options = new ArrayList<>();
        private @Nullable Transport transport;
        private String extension = "";
        private @Nullable String target;

        Parser(String text) {
            words = new ArrayDeque<>(List.of(text.strip().split("\\s+")));
        }

        Rule rule() {
            while (!words.isEmpty()) {
                if (target != null) {
                    options.add(words.pop());
                    continue;
                }
                String word = words.pop();
                boolean negated = word.equals("!");
                String option = negated ? next() : word;
                if (option.equals("-m") && !negated) {
                    extension = next();
                } else if (option.equals("-j") && !negated) {
                    target = next();
                } else {
                    Match match = match(option);
                    matches.add(negated ? new Match.Not(match) : match);
                }
            }
            if (target == null) {
                throw new IllegalArgumentException("no target");
            }
            return new Rule(matches, target(target));
        }

        private String next() {
            String word = words.poll();
            if (word == null) {
                throw new IllegalArgumentException("the end");
            }
            return word;
        }

        private Match match(String option) {
            return switch (option) {
                case "-s" -> new Match.Source(network(next()));
                case "-d" -> new Match.Destination(network(next()));
                case "-i" -> new Match.InInterface(next());
                case "-o" -> new Match.OutInterface(next());
                case "-p" -> {
                    transport = transport(next());
                    yield new Match.Protocol(transport);
                }
                case "--sport" -> new Match.SourcePort(known(transport), Integer.parseInt(next()));
                case "--dport" -> new Match.DestinationPort(known(transport), Integer.parseInt(next()));
                case "--tcp-flags" -> syn(next(), next());
                case "--mark" -> mark(next());
                default -> throw new IllegalArgumentException(option);
            };
        }

        private static Transport known(@Nullable Transport transport) {
            if (transport == null) {
                throw new IllegalArgumentException("a port without a protocol");
            }
            return transport;
        }

        private static Transport transport(String text) {
            return switch (text) {
                case "tcp" -> Transport.TCP;
                case "udp" -> Transport.UDP;
                default -> throw new IllegalArgumentException(text);
            };
        }

        private static Match syn(String mask, String set) {
            if (!mask.equals(SYN_MASK) || !set.equals("SYN")) {
                throw new IllegalArgumentException(mask);
            }
            return new Match.Syn();
        }

        private Match mark(String text) {
            return switch (extension) {
                case "mark" -> new Match.PacketMark(bits(text));
                case "connmark" -> new Match.ConnectionMark(bits(text));
                default -> throw new IllegalArgumentException(extension);
            };
        }

        private Target target(String name) {
            String rest = String.join(" ", options);
            if (rest.isEmpty()) {
                return switch (name) {
                    case "ACCEPT" -> new Target.Accept();
                    case "RETURN" -> new Target.Return();
                    default -> new Target.Jump(name);
                };
            }
            String value = options.get(options.size() - 1);
            if (name.equals("REDIRECT") && rest.equals("--to-ports " + value)) {
                return new Target.Redirect(Integer.parseInt(value));
            }
            if (name.equals("CONNMARK") && rest.equals("--set-xmark " + value)) {
                return new Target.MarkConnection(bits(value));
            }
            if (target(new Target.RestoreMark(), name, rest)) {
                return new Target.RestoreMark();
            }
            if (name.equals("CT") && rest.equals("--zone " + value)) {
                return new Target.Zone(Integer.parseInt(value));
            }
            throw new IllegalArgumentException(name);
        }

        private static boolean target(Target expected, String name, String rest) {
            return IptablesRule.target(expected).equals(name + ' ' + rest);
        }

        private static Mark bits(String text) {
            String[] parts = text.split("/", 2);
            int mask = parts.length == 1 ? -1 : number(parts[1]);
            return new Mark(number(parts[0]), mask);
        }

        private static int number(String text) {
            return Long.decode(text).intValue();
        }
    }

    /** {@code address/prefix}, or an address. */
    static Cidr network(String text) {
        int slash = text.indexOf('/');
        InetAddress address = IpLiteral.parse(slash < 0 ? text : text.substring(0, slash));
        if (address == null) {
            throw new IllegalArgumentException(text);
        }
        return slash < 0 ? Cidr.of(address) : Cidr.of(address, Integer.parseInt(text.substring(slash + 1)));
    }
}
