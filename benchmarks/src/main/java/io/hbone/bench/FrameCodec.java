package io.hbone.bench;

import io.hbone.bench.harness.TunnelPair;
import io.hbone.netty.h2.TunnelStream;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a DATA frame costs in a tunnel, without TLS and sockets: framing, flow control and the stream's listener.
 *
 * <p>An operation is one frame. Reading gets its bytes in pieces of 16 KiB, as TLS hands them over, and ends when the listener has
 * given its credit back; writing ends where TLS would begin. The peer's credit for what is written is fed back once for each batch.
 * No byte is copied on either way, so the size of a frame should hardly matter: it does where frames straddle pieces.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class FrameCodec {

    private static final int BATCH = 64;

    /** A frame's payload, bytes. */
    @Param({"1024", "16384"})
    public int payload;

    @SuppressWarnings("NullAway.Init") // by @Setup
    private TunnelPair tunnels;

    @SuppressWarnings("NullAway.Init") // by @Setup
    private ByteBuf data;

    @SuppressWarnings("NullAway.Init") // by @Setup
    private ByteBuf credit;

    @SuppressWarnings("NullAway.Init") // by @Setup
    private List<ByteBuf> frames;

    @Setup
    public void open() {
        tunnels = new TunnelPair();
        data = tunnels.dataWithHeadroom(payload);
        credit = tunnels.credit(BATCH * payload);
        frames = tunnels.dataFrames(BATCH, payload);
    }

    @TearDown
    public void close() {
        tunnels.close();
        data.release();
        credit.release();
        frames.forEach(ByteBuf::release);
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void read() {
        tunnels.serverReads(frames);
    }

    /** Each frame's header is a buffer of its own. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void write() {
        for (int i = 0; i < BATCH; i++) {
            tunnels.clientStream().write(payload());
        }
        tunnels.clientReads(credit);
    }

    /** Each frame's header is put before its payload, as a relay has it done. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void writeWithHeadroom() {
        for (int i = 0; i < BATCH; i++) {
            tunnels.clientStream().writeWithHeadroom(payload());
        }
        tunnels.clientReads(credit);
    }

    /** One buffer again and again: what is written has been dropped by then. */
    private ByteBuf payload() {
        return data.retain().setIndex(TunnelStream.HEADROOM, TunnelStream.HEADROOM + payload);
    }
}
