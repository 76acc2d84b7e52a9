package io.hbone.node.demo;

import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.util.concurrent.atomic.AtomicLong;

/** All bytes of one connection that crosses the wire. Safe for use by any thread. */
final class Recording {
    /** Beyond the handshake and the greeting, inside of the payload. */
    private static final long TAMPERED_BYTE = 9_000;

    private final String source;
    private final String destination;
    private final ByteArrayOutputStream there = new ByteArrayOutputStream();
    private final ByteArrayOutputStream back = new ByteArrayOutputStream();
    private final AtomicLong untilTampering;

    Recording(String source, String destination, boolean tamper) {
        this.source = source;
        this.destination = destination;
        this.untilTampering = new AtomicLong(tamper ? TAMPERED_BYTE : Long.MAX_VALUE);
    }

    /** What the opener sends, before it is passed on. */
    void there(ByteBuf data) {
        record(there, data);
        long at = untilTampering.getAndAdd(-data.readableBytes());
        if (at >= 0 && at < data.readableBytes()) {
            int index = data.readerIndex() + (int) at;
            data.setByte(index, data.getByte(index) ^ 1);
        }
    }

    /** What comes back, before it is passed on. */
    void back(ByteBuf data) {
        record(back, data);
    }

    Flow flow(String marker) {
        return new Flow(source, destination, Flow.Half.of(bytes(there), marker), Flow.Half.of(bytes(back), marker));
    }

    private static void record(ByteArrayOutputStream out, ByteBuf data) {
        byte[] bytes = new byte[data.readableBytes()];
        data.getBytes(data.readerIndex(), bytes);
        out.writeBytes(bytes);
    }

    private static byte[] bytes(ByteArrayOutputStream out) {
        return out.toByteArray();
    }
}
