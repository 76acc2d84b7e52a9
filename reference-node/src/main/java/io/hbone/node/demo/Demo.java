package io.hbone.node.demo;

import io.hbone.node.demo.Evidence.NodeView;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.random.RandomGenerator;

/** Runs the rows over a topology and gathers the evidence. */
final class Demo {
    /** How long reports may be behind the bytes. */
    private static final long REPORT_NANOS = Duration.ofSeconds(2).toNanos();

    /** How long nothing must come for nothing to have been reported. */
    private static final long QUIET_NANOS = Duration.ofMillis(150).toNanos();

    private static final long LOOK_MILLIS = 5;

    /** The first connection of a row says hello, and so does the second, on a warm tunnel; the third carries the payload. */
    private static final int HELLO_BYTES = 256;

    private final Topology topology;
    private final int payloadBytes;
    private final RandomGenerator random;
    private final long deadline;

    /** @param deadline the {@link System#nanoTime} after which nothing begins any more */
    Demo(Topology topology, int payloadBytes, RandomGenerator random, long deadline) {
        this.topology = topology;
        this.payloadBytes = payloadBytes;
        this.random = random;
        this.deadline = deadline;
    }

    List<RowResult> run() throws InterruptedException {
        List<RowResult> results = new ArrayList<>();
        for (Row row : Row.ALL) {
            results.add(run(row));
        }
        return results;
    }

    private RowResult run(Row row) throws InterruptedException {
        if (System.nanoTime() - deadline > 0) {
            return RowResult.notRun(row, "no time left for it: --time-limit gives more");
        }
        try {
            Evidence evidence = gather(row);
            return new RowResult(row, Judge.judge(row, evidence), evidence);
        } catch (IOException e) {
            return RowResult.notRun(row, String.valueOf(e.getMessage()));
        }
    }

    private Evidence gather(Row row) throws IOException, InterruptedException {
        String marker = marker();
        int served = topology.served(row.to()).size();
        int flows = topology.flows(marker).size();
        Seen web = new Seen(topology.log(Pod.WEB));
        Seen shop = new Seen(topology.log(Pod.SHOP));

        List<Exchange> exchanges = new ArrayList<>();
        for (int size : List.of(HELLO_BYTES, HELLO_BYTES, payloadBytes)) {
            Exchange exchange = topology.exchange(row, new Payload(marker, size));
            exchanges.add(exchange);
            if (!exchange.whole()) {
                break;
            }
        }

        awaitReports(row, exchanges.size(), web, shop);
        return new Evidence(
                topology.address(row.from()),
                topology.dialled(row),
                topology.onTheWire(row),
                topology.keepsClientAddresses(),
                exchanges,
                servedSince(row, served, exchanges.size()),
                topology.flows(marker).stream().skip(flows).toList(),
                web.since(),
                shop.since());
    }

    private String marker() {
        byte[] bytes = new byte[16];
        random.nextBytes(bytes);
        return "hbone-demo-" + HexFormat.of().formatHex(bytes);
    }

    /** A node reports a connection when it is over, which the client may know earlier. */
    private static void awaitReports(Row row, int connections, Seen web, Seen shop) throws InterruptedException {
        int expectedOfWeb = row.from() == Pod.WEB ? connections : 0;
        int expectedOfShop = row.to() == Pod.SHOP ? connections : 0;
        long start = System.nanoTime();
        while (System.nanoTime() - start < REPORT_NANOS
                && (web.count() < expectedOfWeb || shop.count() < expectedOfShop)) {
            Thread.sleep(LOOK_MILLIS);
        }
        // And for what should not come.
        Thread.sleep(Duration.ofNanos(QUIET_NANOS).toMillis());
    }

    private List<Served> servedSince(Row row, int before, int expected) throws IOException, InterruptedException {
        long start = System.nanoTime();
        List<Served> served = topology.served(row.to());
        while (served.size() < before + expected && System.nanoTime() - start < QUIET_NANOS) {
            Thread.sleep(LOOK_MILLIS);
            served = topology.served(row.to());
        }
        return served.subList(Math.min(before, served.size()), served.size());
    }

    /** A node's log from some point on. */
    private static final class Seen {
        private final NodeLog log;
        private final int connections;
        private final int tunnels;

        Seen(NodeLog log) {
            this.log = log;
            this.connections = log.connections().size();
            this.tunnels = log.tunnels().size();
        }

        int count() {
            return log.connections().size() - connections;
        }

        NodeView since() {
            return new NodeView(
                    log.connections().stream().skip(connections).toList(),
                    log.tunnels().stream().skip(tunnels).toList());
        }
    }
}
