package io.hbone.node.demo;

import io.hbone.node.demo.Evidence.NodeView;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;

/** Says what of a row held. Sees the evidence and nothing else, so that tables test it. */
final class Judge {
    private static final String TLS13 = "TLSv1.3";
    private static final String ANONYMOUS = "without identity";

    private final Row row;
    private final Evidence evidence;
    private final List<Check> checks = new ArrayList<>();

    private Judge(Row row, Evidence evidence) {
        this.row = row;
        this.evidence = evidence;
    }

    /** All that was asserted of {@code row}. */
    static List<Check> judge(Row row, Evidence evidence) {
        Judge judge = new Judge(row, evidence);
        judge.client();
        judge.service();
        judge.reached();
        if (row.passage() == Passage.TUNNEL) {
            judge.encrypted();
        } else {
            judge.readable();
        }
        judge.node(Pod.WEB, evidence.web());
        judge.node(Pod.SHOP, evidence.shop());
        return List.copyOf(judge.checks);
    }

    private void check(String witness, String what, String found, boolean held) {
        checks.add(new Check(witness, what, found, held));
    }

    private static String count(int number, String what) {
        return number + " " + what + (number == 1 ? "" : "s");
    }

    // ---- the applications

    private void client() {
        List<Exchange> exchanges = evidence.exchanges();
        boolean whole = !exchanges.isEmpty() && exchanges.stream().allMatch(Exchange::whole);
        String failures = String.join(
                "; ",
                new TreeSet<>(exchanges.stream()
                        .map(Exchange::failure)
                        .filter(Objects::nonNull)
                        .toList()));
        check(
                "client " + row.from().text(),
                "gets back what it sent",
                count(exchanges.size(), "connection") + ", " + evidence.sent() + " bytes out, " + evidence.received()
                        + " back, sha256 " + (whole ? "equal" : "NOT equal")
                        + (failures.isEmpty() ? "" : ": " + failures),
                whole);
    }

    private void service() {
        List<String> sent =
                evidence.exchanges().stream().map(Exchange::sentDigest).sorted().toList();
        List<String> arrived =
                evidence.served().stream().map(Served::digest).sorted().toList();
        long bytes = evidence.served().stream().mapToLong(Served::received).sum();
        boolean same = sent.equals(arrived) && bytes == evidence.sent();
        check(
                "service " + row.to().text(),
                "gets what the client sent",
                count(evidence.served().size(), "connection") + ", " + bytes + " bytes, sha256 "
                        + (same ? "equal" : "NOT equal"),
                same);
        if (evidence.keepsClientAddress()) {
            TreeSet<String> peers =
                    new TreeSet<>(evidence.served().stream().map(Served::peer).toList());
            check(
                    "service " + row.to().text(),
                    "sees the client's own address",
                    peers.isEmpty() ? "nobody" : String.join(", ", peers),
                    peers.size() == 1 && peers.contains(evidence.clientAddress()));
        }
    }

    // ---- the wire

    private void reached() {
        TreeSet<String> destinations =
                new TreeSet<>(evidence.flows().stream().map(Flow::destination).toList());
        // Where the wire sees the client's own address, it must see no other.
        boolean fromClient = !evidence.keepsClientAddress()
                || evidence.flows().stream().allMatch(flow -> flow.source().startsWith(evidence.clientAddress() + ":"));
        check(
                "wire",
                "leads to " + evidence.onTheWire() + " alone",
                count(evidence.flows().size(), "connection") + " to "
                        + (destinations.isEmpty() ? "nothing" : String.join(", ", destinations))
                        + (fromClient ? "" : ", NOT all from " + evidence.clientAddress()),
                fromClient && destinations.size() == 1 && destinations.contains(evidence.onTheWire()));
    }

    private void encrypted() {
        List<Flow> flows = evidence.flows();
        TreeSet<String> agreed = new TreeSet<>();
        TreeSet<String> problems = new TreeSet<>();
        int records = 0;
        for (Flow flow : flows) {
            TlsRecords there = flow.there().tls();
            TlsRecords back = flow.back().tls();
            records += there.protectedRecords() + back.protectedRecords();
            if (there.problem() != null) {
                problems.add(there.problem());
            } else if (there.version() != null) {
                problems.add("a server hello from the client");
            }
            if (back.problem() != null) {
                problems.add(back.problem());
            } else if (!TLS13.equals(back.version())) {
                problems.add("the server chose " + back.version());
            } else {
                agreed.add(back.version() + ", " + back.cipherSuite() + ", " + back.group());
            }
        }
        check(
                "wire",
                "is TLS 1.3 and nothing else",
                problems.isEmpty()
                        ? String.join("; ", agreed) + "; " + records + " records, in the clear the hellos alone"
                        : String.join("; ", problems),
                !flows.isEmpty() && problems.isEmpty() && records > 0);

        int markers = 0;
        int identities = 0;
        long there = 0;
        long back = 0;
        for (Flow flow : flows) {
            markers += flow.there().markers() + flow.back().markers();
            identities += flow.there().identities() + flow.back().identities();
            there += flow.there().bytes();
            back += flow.back().bytes();
        }
        // Absence proves nothing where the payload did not pass: so all of it must have.
        boolean passed = evidence.sent() > 0 && there >= evidence.sent() && back >= evidence.received();
        check(
                "wire",
                "shows neither payload nor identities",
                markers + " markers and " + identities + " SPIFFE ids in " + there + " bytes out and " + back + " back"
                        + (passed ? "" : ", which is LESS than the payload"),
                markers == 0 && identities == 0 && passed);
    }

    /** What is not tunnelled must cross as it is, or the row would not show that the wire would notice. */
    private void readable() {
        int there = 0;
        int back = 0;
        long bytesThere = 0;
        long bytesBack = 0;
        for (Flow flow : evidence.flows()) {
            there += flow.there().markers();
            back += flow.back().markers();
            bytesThere += flow.there().bytes();
            bytesBack += flow.back().bytes();
        }
        check(
                "wire",
                "carries the payload as it is",
                there + " markers in " + bytesThere + " bytes out, " + back + " in " + bytesBack + " back",
                there > 0
                        && back > 0
                        && bytesThere == evidence.sent()
                        && bytesBack == evidence.received()
                        && evidence.flows().size() == evidence.exchanges().size());
    }

    // ---- the nodes

    private void node(Pod pod, NodeView node) {
        String witness = "node of " + pod.text();
        boolean sender = pod == row.from();
        if (!sender && pod != row.to()) {
            int seen = node.connections().size() + node.tunnels().size();
            check(witness, "has nothing to do with it", seen == 0 ? "nothing seen" : count(seen, "event"), seen == 0);
            return;
        }
        boolean tunnelled = row.passage() == Passage.TUNNEL;
        if (tunnelled) {
            proof(witness, sender ? row.to() : row.from(), sender, node);
        } else {
            int tunnels = node.tunnels().size();
            check(witness, "uses no tunnel", count(tunnels, "tunnel"), tunnels == 0);
        }
        connections(witness, sender, tunnelled, node);
    }

    private void proof(String witness, Pod peer, boolean sender, NodeView node) {
        TreeSet<String> proved = new TreeSet<>();
        boolean held = !node.tunnels().isEmpty();
        for (TunnelSighting tunnel : node.tunnels()) {
            proved.add(tunnel.peerIdentity() + " by " + tunnel.cipherSuite());
            held &= tunnel.outbound() == sender
                    && peer.identity().toString().equals(tunnel.peerIdentity())
                    && evidence.flows().stream()
                            .anyMatch(flow -> tunnel.cipherSuite()
                                    .equals(flow.back().tls().cipherSuite()));
        }
        check(
                witness,
                "has proof by TLS that its peer is " + peer.text(),
                proved.isEmpty() ? "no tunnel" : String.join("; ", proved),
                held);
    }

    private void connections(String witness, boolean sender, boolean tunnelled, NodeView node) {
        List<Sighting> seen = node.connections();
        long fromOpener = 0;
        long toOpener = 0;
        boolean held = seen.size() == evidence.exchanges().size();
        TreeSet<String> errors = new TreeSet<>();
        TreeSet<String> targets = new TreeSet<>();
        TreeSet<String> sources = new TreeSet<>();
        for (Sighting sighting : seen) {
            fromOpener += sighting.fromOpener();
            toOpener += sighting.toOpener();
            if (sighting.error() != null) {
                errors.add(sighting.error());
            }
            targets.add(sighting.target() == null ? sighting.destination() : sighting.target() + " in a tunnel");
            sources.add(sighting.sourceIdentity() == null ? ANONYMOUS : "as " + sighting.sourceIdentity());
            held &= sighting.outbound() == sender && tunnelled == (sighting.target() != null);
        }
        String expectedTarget = tunnelled ? evidence.dialled() + " in a tunnel" : evidence.dialled();
        String expectedSource = tunnelled ? "as " + row.from().identity() : ANONYMOUS;
        held &= errors.isEmpty()
                && targets.size() == 1
                && targets.contains(expectedTarget)
                && sources.size() == 1
                && sources.contains(expectedSource)
                && fromOpener == evidence.sent()
                && toOpener == evidence.received();
        String found = count(seen.size(), "connection") + " " + String.join(", ", sources) + " to "
                + String.join(", ", targets) + ", " + fromOpener + " bytes out, " + toOpener + " back";
        check(
                witness,
                sender
                        ? (tunnelled ? "sends into a tunnel" : "passes on as it is")
                        : (tunnelled ? "takes from a tunnel" : "lets in without identity"),
                seen.isEmpty() ? "nothing seen" : found + (errors.isEmpty() ? "" : ": " + String.join("; ", errors)),
                held);
    }
}
