package io.hbone.node.dns;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Queries by UDP. */
final class UdpPort extends SimpleChannelInboundHandler<DatagramPacket> {
    private static final Logger log = LoggerFactory.getLogger(UdpPort.class);

    private final QueryService service;

    UdpPort(QueryService service) {
        this.service = service;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
        InetSocketAddress from = packet.sender();
        service.reply(ctx.channel().eventLoop(), ByteBufUtil.getBytes(packet.content()), from, false)
                .thenAccept(reply -> {
                    // Who does not take replies asks again; what waits for it would be held for nobody.
                    if (reply != null && ctx.channel().isWritable()) {
                        ctx.writeAndFlush(new DatagramPacket(Unpooled.wrappedBuffer(reply), from));
                    }
                });
    }

    /** Of a client that went away, as ICMP tells: the port is there for others. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        log.debug("{}: {}", ctx.channel().localAddress(), cause.toString());
    }
}
