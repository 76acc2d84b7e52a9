package io.hbone.enrollment.rules;

import io.hbone.enrollment.rules.Match.Transport;
import io.hbone.enrollment.rules.NftState.Base;
import io.hbone.enrollment.rules.NftState.NftRule;
import io.hbone.xds.model.Cidr;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/** What {@code nft -j} prints (libnftables-json(5)). */
final class NftJson {
    private static final Set<String> SYN_MASK = Set.of("fin", "syn", "rst", "ack");
    private static final long ALL_BITS = 0xffff_ffffL;

    /** JSON is YAML; a namespace may have many rules that are none of ours. */
    private static final LoadSettings SETTINGS =
            LoadSettings.builder().setCodePointLimit(64 << 20).build();

    private NftJson() {}

    /** Tables, chains and rules by their kind, in their order. */
    static List<Map.Entry<String, Map<?, ?>>> objects(String json) {
        Object document;
        try {
            document = new Load(SETTINGS).loadFromString(json);
        } catch (YamlEngineException e) {
            throw new IllegalArgumentException("what nft printed is no JSON: " + e.getMessage(), e);
        }
        List<Map.Entry<String, Map<?, ?>>> objects = new ArrayList<>();
        if (!(document instanceof Map<?, ?> map) || !(map.get("nftables") instanceof List<?> list)) {
            throw new IllegalArgumentException("what nft printed is no list (expected: nftables)");
        }
        for (Object object : list) {
            if (object instanceof Map<?, ?> entries) {
                entries.forEach((kind, value) -> {
                    if (value instanceof Map<?, ?> content) {
                        objects.add(Map.entry(String.valueOf(kind), content));
                    }
                });
            }
        }
        return objects;
    }

    static @Nullable Base base(Map<?, ?> chain) {
        if (!(chain.get("prio") instanceof Number priority)) {
            return null;
        }
        return new Base(
                String.valueOf(chain.get("type")),
                String.valueOf(chain.get("hook")),
                priority.intValue(),
                String.valueOf(chain.get("policy")));
    }

    /** Never fails: what is none of ours has a {@link Target.Foreign} target. */
    static NftRule rule(Map<?, ?> rule) {
        Object expressions = rule.get("expr");
        try {
            if (expressions instanceof List<?> list) {
                return new Parser().rule(list);
            }
        } catch (IllegalArgumentException e) {
            // Foreign, as one without expressions.
        }
        return new NftRule(null, Rule.of(new Target.Foreign(String.valueOf(expressions))));
    }

    private static final class Parser {
        private final Set<Match> matches = new HashSet<>();
        private @Nullable Family family;
        private @Nullable Target target;

        NftRule rule(List<?> expressions) {
            for (Object expression : expressions) {
                if (target != null || !(expression instanceof Map<?, ?> map) || map.size() != 1) {
                    throw new IllegalArgumentException(String.valueOf(expression));
                }
                String kind = String.valueOf(map.keySet().iterator().next());
                Object value = map.get(kind);
                if (kind.equals("match")) {
                    match(object(value));
                } else {
                    target = target(kind, value);
                }
            }
            if (target == null) {
                throw new IllegalArgumentException("no target");
            }
            return new NftRule(family, new Rule(matches, target));
        }

        private void match(Map<?, ?> match) {
            boolean negated =
                    switch (String.valueOf(match.get("op"))) {
                        case "==" -> false;
                        case "!=" -> true;
                        default -> throw new IllegalArgumentException(match.toString());
                    };
            Map<?, ?> left = object(match.get("left"));
            Object right = match.get("right");
            if (left.equals(key("meta", "nfproto")) && !negated) {
                family = family("ipv4".equals(right) ? "ip" : "ipv6".equals(right) ? "ip6" : String.valueOf(right));
            } else {
                Match found =
                        left.containsKey("payload") ? payload(object(left.get("payload")), right) : meta(left, right);
                matches.add(negated ? new Match.Not(found) : found);
            }
        }

        private Match meta(Map<?, ?> left, @Nullable Object right) {
            if (left.equals(key("meta", "l4proto"))) {
                return new Match.Protocol(transport(String.valueOf(right)));
            }
            if (left.equals(key("meta", "iifname"))) {
                return new Match.InInterface(String.valueOf(right));
            }
            if (left.equals(key("meta", "oifname"))) {
                return new Match.OutInterface(String.valueOf(right));
            }
            List<?> and = list(left.get("&"));
            if (and.size() == 2 && and.get(1) instanceof Number) {
                Mark mark = new Mark((int) number(right), (int) number(and.get(1)));
                if (key("meta", "mark").equals(and.get(0))) {
                    return new Match.PacketMark(mark);
                }
                if (key("ct", "mark").equals(and.get(0))) {
                    return new Match.ConnectionMark(mark);
                }
            }
            if (and.size() == 2
                    && Map.of("payload", Map.of("protocol", "tcp", "field", "flags"))
                            .equals(and.get(0))
                    && and.get(1) instanceof List<?> flags
                    && SYN_MASK.equals(new HashSet<Object>(flags))
                    && "syn".equals(right)) {
                matches.add(new Match.Protocol(Transport.TCP)); // said by the field
                return new Match.Syn();
            }
            throw new IllegalArgumentException(left.toString());
        }

        private Match payload(Map<?, ?> payload, @Nullable Object right) {
            String protocol = String.valueOf(payload.get("protocol"));
            String field = String.valueOf(payload.get("field"));
            if (field.equals("saddr") || field.equals("daddr")) {
                family = family(protocol);
                return field.equals("saddr") ? new Match.Source(network(right)) : new Match.Destination(network(right));
            }
            Transport transport = transport(protocol);
            matches.add(new Match.Protocol(transport)); // said by the field
            return switch (field) {
                case "sport" -> new Match.SourcePort(transport, (int) number(right));
                case "dport" -> new Match.DestinationPort(transport, (int) number(right));
                default -> throw new IllegalArgumentException(field);
            };
        }

        private static Target target(String kind, @Nullable Object value) {
            return switch (kind) {
                case "accept" -> new Target.Accept();
                case "return" -> new Target.Return();
                case "jump" -> new Target.Jump(String.valueOf(object(value).get("target")));
                case "redirect" -> {
                    if (object(value).size() != 1) {
                        throw new IllegalArgumentException(String.valueOf(value));
                    }
                    yield new Target.Redirect((int) number(object(value).get("port")));
                }
                case "mangle" -> mangle(object(value));
                default -> throw new IllegalArgumentException(kind);
            };
        }

        private static Target mangle(Map<?, ?> mangle) {
            Object key = mangle.get("key");
            Object value = mangle.get("value");
            if (key("ct", "zone").equals(key)) {
                return new Target.Zone((int) number(value));
            }
            if (key("meta", "mark").equals(key) && key("ct", "mark").equals(value)) {
                return new Target.RestoreMark();
            }
            if (key("ct", "mark").equals(key)) {
                List<?> or = list(object(value).get("|"));
                List<?> and = list(object(or.get(0)).get("&"));
                if (and.size() == 2 && key("ct", "mark").equals(and.get(0))) {
                    long set = number(or.get(1));
                    long kept = number(and.get(1)) & ~set; // nft may say that it keeps the bits that it sets
                    return new Target.MarkConnection(new Mark((int) set, (int) (~kept & ALL_BITS)));
                }
            }
            throw new IllegalArgumentException(mangle.toString());
        }

        private static Map<?, ?> key(String of, String key) {
            return Map.of(of, Map.of("key", key));
        }

        private static Family family(String protocol) {
            return switch (protocol) {
                case "ip" -> Family.IPV4;
                case "ip6" -> Family.IPV6;
                default -> throw new IllegalArgumentException(protocol);
            };
        }

        private static Transport transport(String name) {
            return switch (name) {
                case "tcp" -> Transport.TCP;
                case "udp" -> Transport.UDP;
                default -> throw new IllegalArgumentException(name);
            };
        }

        private static Cidr network(@Nullable Object right) {
            if (right instanceof Map<?, ?> map) {
                Map<?, ?> prefix = object(map.get("prefix"));
                return IptablesRule.network(prefix.get("addr") + "/" + number(prefix.get("len")));
            }
            return IptablesRule.network(String.valueOf(right));
        }

        private static Map<?, ?> object(@Nullable Object value) {
            if (value instanceof Map<?, ?> map) {
                return map;
            }
            throw new IllegalArgumentException(String.valueOf(value));
        }

        private static List<?> list(@Nullable Object value) {
            if (value instanceof List<?> list && list.size() == 2) {
                return list;
            }
            throw new IllegalArgumentException(String.valueOf(value));
        }

        private static long number(@Nullable Object value) {
            if (value instanceof Number number) {
                return number.longValue();
            }
            throw new IllegalArgumentException(String.valueOf(value));
        }
    }
}
