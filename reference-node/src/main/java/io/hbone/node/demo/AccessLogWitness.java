package io.hbone.node.demo;

/** Reads what a node of another process reports: its log, in JSON, with the tunnels in it. */
final class AccessLogWitness {
    /** The {@code RUST_LOG} that has everything in it that is read here. */
    static final String LEVELS = "info,tunnel=debug";

    private final NodeLog log;

    AccessLogWitness(NodeLog log) {
        this.log = log;
    }

    void line(String line) {
        Reading read = Reading.of(line);
        if (read == null) {
            return;
        }
        String scope = read.textOrNull("scope");
        String message = read.textOrNull("message");
        if ("access".equals(scope) && "connection complete".equals(message)) {
            complete(read);
        } else if ("access".equals(scope) && "connection failed".equals(message)) {
            log.add(new Sighting(
                    outbound(read),
                    read.text("src.addr"),
                    read.text("dst.addr"),
                    null,
                    null,
                    0,
                    0,
                    read.text("error")));
        } else if ("tunnel".equals(scope) && "tunnel opened".equals(message)) {
            log.add(new TunnelSighting(
                    outbound(read), read.text("peer.addr"), read.textOrNull("peer.identity"), read.text("cipher")));
        }
    }

    private void complete(Reading read) {
        boolean outbound = outbound(read);
        // As the node's own workload sees it: what it sent is what the opener sent only when it is the opener.
        long sent = read.number("bytes_sent");
        long received = read.number("bytes_recv");
        log.add(new Sighting(
                outbound,
                read.text("src.addr"),
                read.text("dst.addr"),
                read.textOrNull("dst.hbone_addr"),
                read.textOrNull("src.identity"),
                outbound ? sent : received,
                outbound ? received : sent,
                read.textOrNull("error")));
    }

    private static boolean outbound(Reading read) {
        return read.text("direction").equals("outbound");
    }
}
