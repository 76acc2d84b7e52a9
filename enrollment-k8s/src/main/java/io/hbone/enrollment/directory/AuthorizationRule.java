package io.hbone.enrollment.directory;

import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import io.hbone.core.IpLiteral;
import io.hbone.xds.proto.security.Action;
import io.hbone.xds.proto.security.Address;
import io.hbone.xds.proto.security.Clause;
import io.hbone.xds.proto.security.Match;
import io.hbone.xds.proto.security.Rule;
import io.hbone.xds.proto.security.ServiceAccountMatch;
import io.hbone.xds.proto.security.StringMatch;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A rule of an AuthorizationPolicy: {@code from}, {@code to} and each {@code when} must match, of each list one entry. */
final class AuthorizationRule {
    private static final List<String> HTTP_OPERATION =
            List.of("hosts", "notHosts", "methods", "notMethods", "paths", "notPaths");
    private static final List<String> HTTP_SOURCE =
            List.of("remoteIpBlocks", "notRemoteIpBlocks", "requestPrincipals", "notRequestPrincipals");

    private final String namespace;
    private final Set<String> beyond = new HashSet<>();

    private AuthorizationRule(String namespace) {
        this.namespace = namespace;
    }

    /**
     * Reads a rule.
     *
     * @param namespace of service accounts that do not say theirs
     * @param beyond is added what cannot be enforced
     * @return null when the rule matches nothing
     */
    static @Nullable Rule read(Fields fields, String namespace, Action action, Set<String> beyond) {
        AuthorizationRule reader = new AuthorizationRule(namespace);
        Rule rule = reader.rule(fields);
        beyond.addAll(reader.beyond);
        return action == Action.ALLOW && !reader.beyond.isEmpty() ? null : rule;
    }

    private Rule rule(Fields fields) {
        Rule.Builder rule = Rule.newBuilder();
        Clause.Builder to = Clause.newBuilder();
        fields.all("to").forEach(entry -> to.addMatches(operation(entry.in("operation"))));
        Clause.Builder from = Clause.newBuilder();
        fields.all("from").forEach(entry -> from.addMatches(source(entry.in("source"))));
        if (to.getMatchesCount() > 0) {
            rule.addClauses(to);
        }
        if (from.getMatchesCount() > 0) {
            rule.addClauses(from);
        }
        fields.all("when").forEach(entry -> rule.addClauses(Clause.newBuilder().addMatches(condition(entry))));
        return rule.build();
    }

    private Match operation(Fields operation) {
        refuse(operation, HTTP_OPERATION);
        return Match.newBuilder()
                .addAllDestinationPorts(read("ports", operation.texts("ports"), AuthorizationRule::port))
                .addAllNotDestinationPorts(read("notPorts", operation.texts("notPorts"), AuthorizationRule::port))
                .build();
    }

    private Match source(Fields source) {
        refuse(source, HTTP_SOURCE);
        return Match.newBuilder()
                .addAllSourceIps(read("ipBlocks", source.texts("ipBlocks"), AuthorizationRule::range))
                .addAllNotSourceIps(read("notIpBlocks", source.texts("notIpBlocks"), AuthorizationRule::range))
                .addAllNamespaces(texts(source.texts("namespaces")))
                .addAllNotNamespaces(texts(source.texts("notNamespaces")))
                .addAllPrincipals(texts(source.texts("principals")))
                .addAllNotPrincipals(texts(source.texts("notPrincipals")))
                .addAllServiceAccounts(accounts(source.texts("serviceAccounts")))
                .addAllNotServiceAccounts(accounts(source.texts("notServiceAccounts")))
                .build();
    }

    private Match condition(Fields when) {
        String key = when.text("key");
        List<String> values = when.texts("values");
        List<String> not = when.texts("notValues");
        Match.Builder match = Match.newBuilder();
        switch (key) {
            case "source.ip" ->
                match.addAllSourceIps(read(key, values, AuthorizationRule::range))
                        .addAllNotSourceIps(read(key, not, AuthorizationRule::range));
            case "destination.ip" ->
                match.addAllDestinationIps(read(key, values, AuthorizationRule::range))
                        .addAllNotDestinationIps(read(key, not, AuthorizationRule::range));
            case "destination.port" ->
                match.addAllDestinationPorts(read(key, values, AuthorizationRule::port))
                        .addAllNotDestinationPorts(read(key, not, AuthorizationRule::port));
            case "source.namespace" -> match.addAllNamespaces(texts(values)).addAllNotNamespaces(texts(not));
            case "source.principal" -> match.addAllPrincipals(texts(values)).addAllNotPrincipals(texts(not));
            case "source.serviceAccount" ->
                match.addAllServiceAccounts(accounts(values)).addAllNotServiceAccounts(accounts(not));
            default -> beyond.add(key);
        }
        return match.build();
    }

    private void refuse(Fields fields, List<String> names) {
        names.stream().filter(fields::has).forEach(beyond::add);
    }

    /** Those that can be read. */
    private <T> List<T> read(String what, List<String> texts, Function<String, @Nullable T> reader) {
        List<T> values = new ArrayList<>();
        for (String text : texts) {
            T value = reader.apply(text);
            if (value == null) {
                beyond.add(what + " '" + text + "'");
            } else {
                values.add(value);
            }
        }
        return values;
    }

    private static @Nullable Integer port(String text) {
        return Ports.isPort(text) ? Integer.valueOf(text) : null;
    }

    /** An address, or a range by address and length of its prefix. */
    private static @Nullable Address range(String text) {
        int slash = text.indexOf('/');
        InetAddress address = IpLiteral.parse(slash < 0 ? text : text.substring(0, slash));
        if (address == null) {
            return null;
        }
        byte[] bytes = address.getAddress();
        int bits = Byte.SIZE * bytes.length;
        String length = slash < 0 ? Integer.toString(bits) : text.substring(slash + 1);
        if (!Ports.isPort(length) || Integer.parseInt(length) > bits) {
            return null;
        }
        return Address.newBuilder()
                .setAddress(ByteString.copyFrom(bytes))
                .setLength(Integer.parseInt(length))
                .build();
    }

    /** With a star in front a suffix, with one behind a prefix, a star alone is anything at all. */
    private static List<StringMatch> texts(List<String> texts) {
        return texts.stream().map(AuthorizationRule::text).toList();
    }

    private static StringMatch text(String text) {
        StringMatch.Builder match = StringMatch.newBuilder();
        if (text.equals("*")) {
            match.setPresence(Empty.getDefaultInstance());
        } else if (text.startsWith("*")) {
            match.setSuffix(text.substring(1));
        } else if (text.endsWith("*")) {
            match.setPrefix(text.substring(0, text.length() - 1));
        } else {
            match.setExact(text);
        }
        return match.build();
    }

    private List<ServiceAccountMatch> accounts(List<String> texts) {
        return texts.stream()
                .map(text -> {
                    int slash = text.indexOf('/');
                    return ServiceAccountMatch.newBuilder()
                            .setNamespace(slash < 0 ? namespace : text.substring(0, slash))
                            .setServiceAccount(text.substring(slash + 1))
                            .build();
                })
                .toList();
    }
}
