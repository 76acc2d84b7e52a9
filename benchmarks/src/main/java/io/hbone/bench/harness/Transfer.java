package io.hbone.bench.harness;

import io.hbone.netty.socket.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Bytes moved over some streams, all of them open beforehand. Each {@link #run} sends a fixed number, in equal shares, and returns
 * when the receiving application has all of it.
 */
public final class Transfer implements AutoCloseable {

    /** What one run moves: enough that its start and end do not count. */
    public static final int MIB_PER_RUN = 64;

    /** The same in gigabits. */
    public static final double GBIT_PER_RUN = MIB_PER_RUN * 1024 * 1024 * 8 / 1e9;

    private final Loopback loopback;
    private final Arrivals arrivals = new Arrivals();
    private final Carrier carrier;
    private final ByteBuf payload;
    private final List<Sender> senders = new ArrayList<>();
    private final EventLoop loop;
    private final long share;
    private final boolean encrypted;

    private interface CarrierFactory {
        Carrier make(Loopback loopback, Arrivals arrivals);
    }

    /** Streams from one program to another, written in pieces of {@code payloadSize} bytes. */
    public static Transfer direct(Wire wire, Transport transport, int streams, int payloadSize) {
        return new Transfer(wire, transport, wire::direct, streams, payloadSize);
    }

    /** The same between applications' sockets, through a node beside each. */
    public static Transfer relayed(Wire wire, Transport transport, int streams, int payloadSize) {
        return new Transfer(wire, transport, wire::relayed, streams, payloadSize);
    }

    private Transfer(Wire wire, Transport transport, CarrierFactory factory, int streams, int payloadSize) {
        share = MIB_PER_RUN * 1024L * 1024 / streams;
        if (share % payloadSize != 0) {
            throw new IllegalArgumentException(
                    "payload: " + payloadSize + " (expected: a divisor of " + share + " bytes, a stream's share)");
        }
        encrypted = wire != Wire.PLAIN;
        loopback = new Loopback(transport);
        carrier = factory.make(loopback, arrivals);
        payload = randomPayload(payloadSize);
        List<Channel> channels = new ArrayList<>();
        for (int i = 0; i < streams; i++) {
            Sender sender = new Sender(payload, arrivals);
            channels.add(carrier.open(sender).syncUninterruptibly().getNow());
            senders.add(sender);
        }
        loop = channels.get(0).eventLoop();
    }

    /** Of the pooled allocator: its duplicates are recycled, those of the default one are garbage. */
    private static ByteBuf randomPayload(int size) {
        byte[] bytes = new byte[size];
        new Random(1).nextBytes(bytes);
        return PooledByteBufAllocator.DEFAULT.directBuffer(size, size).writeBytes(bytes);
    }

    /** Moves {@link #MIB_PER_RUN}. */
    public void run() throws InterruptedException {
        arrivals.expect(share * senders.size());
        loop.execute(this::send);
        arrivals.await();
        if (encrypted) {
            loopback.requireCipherSuite();
        }
    }

    private void send() {
        for (Sender sender : senders) {
            sender.send(share);
        }
    }

    @Override
    public void close() {
        carrier.close();
        loopback.close();
        payload.release();
    }
}
