package io.hbone.node.bench;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A client's connection that carries as much as it can in one direction; what has arrived at its receiver counts. */
final class TransferHandler extends ChannelInboundHandlerAdapter {
    private final Mode mode;
    private final int size;
    private final Ledger ledger;
    private final BooleanSupplier over;

    private @Nullable Throwable failure;
    private long report;
    private int reportBytes;
    private long arrived;

    /**
     * @param mode {@link Mode#SINK} to send, {@link Mode#SOURCE} to receive
     * @param size of a write, bytes
     * @param over whether the end of the connection is wanted
     */
    TransferHandler(Mode mode, int size, Ledger ledger, BooleanSupplier over) {
        this.mode = mode;
        this.size = size;
        this.ledger = ledger;
        this.over = over;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        if (mode == Mode.SINK) {
            ctx.pipeline().addAfter(ctx.name(), null, new PumpHandler(size));
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (mode == Mode.SOURCE) {
            ledger.count(bytes.readableBytes());
        } else {
            while (bytes.isReadable()) {
                report = report << Byte.SIZE | bytes.readUnsignedByte();
                if (++reportBytes == Long.BYTES) {
                    ledger.count(report - arrived);
                    arrived = report;
                    reportBytes = 0;
                }
            }
        }
        bytes.release();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (!over.getAsBoolean()) {
            ledger.error(Failures.describe(failure));
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        failure = cause;
        ctx.close();
    }
}
