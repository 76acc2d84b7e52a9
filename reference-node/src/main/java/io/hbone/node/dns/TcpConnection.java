package io.hbone.node.dns;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;
import io.netty.handler.timeout.ReadTimeoutHandler;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Queries by TCP, on one connection (RFC 7766): each with its length before it, replied to in any order. */
final class TcpConnection extends SimpleChannelInboundHandler<ByteBuf> {
    private static final Logger log = LoggerFactory.getLogger(TcpConnection.class);

    /** How long a connection is kept on which nothing comes: longer than a reply may take. */
    private static final Duration IDLE = Exchange.PATIENCE.plusSeconds(1);

    /** How many queries may be unanswered before no more are read. */
    private static final int MAX_OPEN = 32;

    private static final int LENGTH = 2;

    private final QueryService service;
    private int open;
    private boolean ended;

    private TcpConnection(QueryService service) {
        this.service = service;
    }

    static void install(Channel channel, QueryService service) {
        channel.pipeline()
                .addLast(new ReadTimeoutHandler(IDLE.toMillis(), TimeUnit.MILLISECONDS))
                .addLast(new LengthFieldBasedFrameDecoder(Query.MAX_LENGTH + LENGTH, 0, LENGTH, 0, LENGTH))
                .addLast(new LengthFieldPrepender(LENGTH))
                .addLast(new TcpConnection(service));
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, ByteBuf message) {
        open++;
        service.reply(
                        ctx.channel().eventLoop(),
                        ByteBufUtil.getBytes(message),
                        (InetSocketAddress) ctx.channel().remoteAddress(),
                        true)
                .thenAccept(reply -> reply(ctx, reply));
        ctx.channel().config().setAutoRead(open < MAX_OPEN);
    }

    private void reply(ChannelHandlerContext ctx, byte @Nullable [] reply) {
        if (reply == null) {
            ctx.close();
            return;
        }
        // Unanswered until it is taken: who does not read its replies cannot ask more.
        ctx.writeAndFlush(Unpooled.wrappedBuffer(reply)).addListener(written -> {
            open--;
            if (!written.isSuccess() || (ended && open == 0)) {
                ctx.close();
            } else {
                ctx.channel().config().setAutoRead(open < MAX_OPEN);
            }
        });
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            ended = true;
            if (open == 0) {
                ctx.close();
            }
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        log.debug("{}: {}", ctx.channel().remoteAddress(), cause.toString());
        ctx.close();
    }
}
