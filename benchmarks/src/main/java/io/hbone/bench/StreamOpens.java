package io.hbone.bench;

import io.hbone.bench.harness.Bystander;
import io.hbone.bench.harness.Carrier;
import io.hbone.bench.harness.ClosedLoop;
import io.hbone.bench.harness.Loopback;
import io.hbone.bench.harness.Wire;
import io.hbone.netty.socket.Transport;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
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
 * How many streams a second can be opened and ended on a tunnel that is up: CONNECT, 200, END_STREAM both ways. One event loop at
 * each end, both in this JVM.
 *
 * <p>An operation is one stream. With 1 in flight the figure is a latency: a round trip for the answer and one for the end. No
 * destination is connected to, and no byte is carried.
 */
@State(Scope.Benchmark)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class StreamOpens {

    private static final int BATCH = 256;

    @Param({"hbone", "stock"})
    public String wire = "";

    @Param("epoll")
    public String transport = "";

    /** How many streams are on their way at a time. */
    @Param({"1", "16"})
    public int inFlight;

    private final ChannelHandler bystander = new Bystander();

    @SuppressWarnings("NullAway.Init") // by @Setup
    private Loopback loopback;

    @SuppressWarnings("NullAway.Init") // by @Setup
    private Carrier carrier;

    @SuppressWarnings("NullAway.Init") // by @Setup
    private ClosedLoop opens;

    @Setup
    public void connect() {
        loopback = new Loopback(Transport.of(transport));
        carrier = Wire.of(wire).direct(loopback, bystander);
        opens = new ClosedLoop(loopback.clientLoop(), inFlight, this::openAndEnd);
    }

    private Future<?> openAndEnd() {
        Promise<Void> ended = loopback.clientLoop().newPromise();
        carrier.open(bystander).addListener((Future<Channel> opened) -> {
            if (opened.isSuccess()) {
                opened.getNow().closeFuture().addListener(closed -> ended.setSuccess(null));
                carrier.end(opened.getNow());
            } else {
                ended.setFailure(opened.cause());
            }
        });
        return ended;
    }

    @TearDown
    public void close() {
        carrier.close();
        loopback.close();
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void streams() throws InterruptedException {
        opens.run(BATCH);
    }
}
