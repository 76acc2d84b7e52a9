package io.hbone.bench;

import io.hbone.bench.harness.Transfer;
import io.hbone.bench.harness.Wire;
import io.hbone.netty.socket.Transport;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * How many MiB a second two nodes carry between two applications: socket, relay, wire, relay, socket, with an event loop for each
 * of the four, all in this JVM. On {@code hbone} these are a node's own listeners, which read applications' sockets with room for a
 * frame header; on the other wires relays are the least that they can be, so that {@code plain} is the floor.
 *
 * <p>An operation is one MiB, written by one application and read by the other. The applications' own socket work is in every
 * figure. Redirection, routing tables, policies and telemetry are not.
 */
@State(Scope.Benchmark)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class Relay {

    @Param({"hbone", "stock", "tls", "plain"})
    public String wire = "";

    @Param({"epoll", "io_uring", "nio"})
    public String transport = "";

    /** Connections between the applications. */
    @Param({"1", "8", "64"})
    public int streams;

    /** What the sending application writes at a time, bytes; its kernel and its node may join and cut that. */
    @Param("65536")
    public int payload;

    @SuppressWarnings("NullAway.Init") // by @Setup
    private Transfer transfer;

    @Setup
    public void open() {
        transfer = Transfer.relayed(Wire.of(wire), Transport.of(transport), streams, payload);
    }

    @TearDown
    public void close() {
        transfer.close();
    }

    @Benchmark
    @OperationsPerInvocation(Transfer.MIB_PER_RUN)
    public void mebibytes(Traffic traffic) throws InterruptedException {
        transfer.run();
        traffic.ran();
    }
}
