package io.hbone.bench;

import io.hbone.bench.harness.Bystander;
import io.hbone.bench.harness.Carrier;
import io.hbone.bench.harness.ClosedLoop;
import io.hbone.bench.harness.Footprint;
import io.hbone.bench.harness.Loopback;
import io.hbone.bench.harness.Wire;
import io.hbone.netty.socket.Transport;
import io.netty.channel.ChannelHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * What an idle stream costs in memory: opens many between a client and a server in this JVM, and prints what the process has grown
 * by. Both ends and their share of a tunnel with its TLS are in the figure; in a mesh each end is a process of its own, which has
 * about half of it. The sockets of applications are not in it.
 *
 * <p>Run by {@code benchmarks/run idle-streams [streams] [wire] [json file]}. Not a JMH suite: it is over when it is measured.
 */
public final class IdleStreams {

    private static final int STREAMS = 10_000;

    /** Opened before the first look, so that classes, compiled code and the first tunnels are not counted. */
    private static final int WARM_UP = 1_000;

    private static final int CONCURRENCY = 16;

    private IdleStreams() {}

    public static void main(String[] args) throws InterruptedException, IOException {
        int streams = args.length > 0 ? Integer.parseInt(args[0]) : STREAMS;
        Wire wire = args.length > 1 ? Wire.of(args[1]) : Wire.HBONE;
        ChannelHandler bystander = new Bystander();
        try (Loopback loopback = new Loopback(Transport.preferred());
                Carrier carrier = wire.direct(loopback, bystander)) {
            ClosedLoop opens = new ClosedLoop(loopback.clientLoop(), CONCURRENCY, () -> carrier.open(bystander));
            opens.run(WARM_UP);
            Footprint before = Footprint.settled();
            opens.run(streams);
            Footprint after = Footprint.settled();
            report(streams, after, after.since(before));
            if (args.length > 2) {
                Files.writeString(
                        Path.of(args[2]), json(wire, streams, after.since(before)), StandardCharsets.US_ASCII);
            }
        }
    }

    private static void report(int streams, Footprint all, Footprint growth) {
        System.out.printf(
                Locale.ROOT, "%,d idle streams, both ends, beside %,d that were there before%n", streams, WARM_UP);
        System.out.printf(Locale.ROOT, "%-10s %14s %16s%n", "", "process, KiB", "a stream, bytes");
        line("heap", all.heap(), growth.heap(), streams);
        line("direct", all.direct(), growth.direct(), streams);
        line("resident", all.resident(), growth.resident(), streams);
    }

    private static void line(String what, long all, long growth, int streams) {
        System.out.printf(Locale.ROOT, "%-10s %,14d %,16d%n", what, all / 1024, growth / streams);
    }

    private static String json(Wire wire, int streams, Footprint growth) {
        return String.format(
                Locale.ROOT,
                "{\"jdkVersion\": \"%s\", \"wire\": \"%s\", \"streams\": %d, \"heap\": %d, \"direct\": %d, \"resident\": %d}%n",
                System.getProperty("java.version"),
                wire.name().toLowerCase(Locale.ROOT),
                streams,
                growth.heap() / streams,
                growth.direct() / streams,
                growth.resident() / streams);
    }
}
