package io.hbone.xds.file;

import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import io.hbone.xds.NamedResource;
import io.hbone.xds.model.Cidr;
import io.hbone.xds.proto.security.Action;
import io.hbone.xds.proto.security.Address;
import io.hbone.xds.proto.security.Authorization;
import io.hbone.xds.proto.security.Clause;
import io.hbone.xds.proto.security.Match;
import io.hbone.xds.proto.security.Rule;
import io.hbone.xds.proto.security.Scope;
import io.hbone.xds.proto.security.ServiceAccountMatch;
import io.hbone.xds.proto.security.StringMatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** An entry of {@code policies}. */
final class PolicyEntry {
    private static final SortedMap<String, Scope> SCOPES = Entry.sorted(
            Map.of("Global", Scope.GLOBAL, "Namespace", Scope.NAMESPACE, "WorkloadSelector", Scope.WORKLOAD_SELECTOR));
    private static final SortedMap<String, Action> ACTIONS =
            Entry.sorted(Map.of("Allow", Action.ALLOW, "Deny", Action.DENY));

    private PolicyEntry() {}

    static NamedResource read(Fields fields) {
        Authorization.Builder policy = Authorization.newBuilder()
                .setName(fields.text("name"))
                .setNamespace(fields.text("namespace", ""))
                .setScope(fields.requiredOneOf("scope", SCOPES))
                .setAction(fields.requiredOneOf("action", ACTIONS))
                .setDryRun(fields.flag("dryRun", false));
        List<?> rules = fields.requiredList("rules");
        for (int i = 0; i < rules.size(); i++) {
            policy.addRules(rule(fields.path("rules[" + i + "]"), rules.get(i)));
        }
        fields.rejectOthers();
        return LocalFile.resource(
                policy.getNamespace() + '/' + policy.getName(), policy.build().toByteString());
    }

    private static Rule rule(String path, @Nullable Object node) {
        Rule.Builder rule = Rule.newBuilder();
        List<?> clauses = list(path, node);
        for (int i = 0; i < clauses.size(); i++) {
            String clausePath = path + '[' + i + ']';
            Clause.Builder clause = Clause.newBuilder();
            List<?> matches = list(clausePath, clauses.get(i));
            for (int j = 0; j < matches.size(); j++) {
                clause.addMatches(match(Fields.of(clausePath + '[' + j + ']', matches.get(j))));
            }
            rule.addClauses(clause);
        }
        return rule.build();
    }

    private static List<?> list(String path, @Nullable Object node) {
        if (node instanceof List<?> list) {
            return list;
        }
        throw LocalFileException.of(
                path, Fields.show(node), "a list: rules are lists of clauses, which are lists of matches");
    }

    private static Match match(Fields fields) {
        Match match = Match.newBuilder()
                .addAllNamespaces(texts(fields, "namespaces"))
                .addAllNotNamespaces(texts(fields, "notNamespaces"))
                .addAllPrincipals(texts(fields, "principals"))
                .addAllNotPrincipals(texts(fields, "notPrincipals"))
                .addAllSourceIps(ranges(fields, "sourceIps"))
                .addAllNotSourceIps(ranges(fields, "notSourceIps"))
                .addAllDestinationIps(ranges(fields, "destinationIps"))
                .addAllNotDestinationIps(ranges(fields, "notDestinationIps"))
                .addAllDestinationPorts(ports(fields, "destinationPorts"))
                .addAllNotDestinationPorts(ports(fields, "notDestinationPorts"))
                .addAllServiceAccounts(accounts(fields, "serviceAccounts"))
                .addAllNotServiceAccounts(accounts(fields, "notServiceAccounts"))
                .build();
        fields.rejectOthers();
        return match;
    }

    /** {@code {Exact: x}}, {@code {Prefix: x}}, {@code {Suffix: x}} or {@code {Presence: []}}. */
    private static List<StringMatch> texts(Fields entry, String name) {
        List<StringMatch> out = new ArrayList<>();
        for (Fields fields : entry.all(name)) {
            StringMatch.Builder match = StringMatch.newBuilder();
            String exact = fields.text("Exact", "");
            String prefix = fields.text("Prefix", "");
            String suffix = fields.text("Suffix", "");
            boolean presence = fields.has("Presence");
            int said = (exact.isEmpty() ? 0 : 1)
                    + (prefix.isEmpty() ? 0 : 1)
                    + (suffix.isEmpty() ? 0 : 1)
                    + (presence ? 1 : 0);
            fields.rejectOthers();
            if (said != 1) {
                throw new LocalFileException(fields.path() + ": " + said
                        + " ways to match (expected: one of Exact, Prefix, Suffix, Presence)");
            }
            if (presence) {
                match.setPresence(Empty.getDefaultInstance());
            } else if (!exact.isEmpty()) {
                match.setExact(exact);
            } else if (!prefix.isEmpty()) {
                match.setPrefix(prefix);
            } else {
                match.setSuffix(suffix);
            }
            out.add(match.build());
        }
        return out;
    }

    private static List<Address> ranges(Fields entry, String name) {
        List<Address> out = new ArrayList<>();
        List<String> texts = entry.texts(name);
        for (int i = 0; i < texts.size(); i++) {
            Cidr range = Entry.cidr(entry.path(name + '[' + i + ']'), texts.get(i));
            out.add(Address.newBuilder()
                    .setAddress(ByteString.copyFrom(range.address().getAddress()))
                    .setLength(range.prefix())
                    .build());
        }
        return out;
    }

    private static List<Integer> ports(Fields entry, String name) {
        List<Integer> out = new ArrayList<>();
        for (Object node : entry.list(name)) {
            if (!(node instanceof Integer port && port >= 0 && port <= 65_535)) {
                throw entry.wrong(name, node, "ports from 0 to 65535");
            }
            out.add(port);
        }
        return out;
    }

    private static List<ServiceAccountMatch> accounts(Fields entry, String name) {
        List<ServiceAccountMatch> out = new ArrayList<>();
        for (Fields fields : entry.all(name)) {
            out.add(ServiceAccountMatch.newBuilder()
                    .setNamespace(fields.text("namespace"))
                    .setServiceAccount(fields.text("serviceAccount"))
                    .build());
            fields.rejectOthers();
        }
        return out;
    }
}
