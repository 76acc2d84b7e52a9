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
 * How many MiB a second go from a client program through one connection to a server program: encryption, framing, flow control and
 * the sockets of one event loop at each end, both in this JVM.
 *
 * <p>An operation is one MiB, written to a stream's channel under back-pressure and taken from the stream's channel at the other
 * end. Opening connections and streams is not measured, and neither is what a node adds: {@link Relay} does that. The wires {@code
 * tls} and {@code plain} have no streams: there, each is a connection of its own.
 */
@State(Scope.Benchmark)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class TunnelThroughput {

    @Param({"hbone", "stock", "tls", "plain"})
    public String wire = "";

    @Param({"epoll", "io_uring", "nio"})
    public String transport = "";

    @Param({"1", "8", "64"})
    public int streams;

    /** What the sending program writes at a time, bytes. */
    @Param({"1024", "16384", "65536", "1048576"})
    public int payload;

    @SuppressWarnings("NullAway.Init") // by @Setup
    private Transfer transfer;

    @Setup
    public void open() {
        transfer = Transfer.direct(Wire.of(wire), Transport.of(transport), streams, payload);
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
