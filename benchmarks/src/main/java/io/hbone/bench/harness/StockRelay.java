package io.hbone.bench.harness;

import io.hbone.netty.socket.TunnelOptions;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;

/** {@link ChannelRelay}s at both ends of a wire that is not ours. */
final class StockRelay extends RelayCarrier {

    private final Loopback loopback;
    private final Carrier carrier;
    private final Channel entrance;

    StockRelay(Wire wire, Loopback loopback, ChannelHandler receiver) {
        super(loopback, receiver);
        this.loopback = loopback;
        carrier = wire.direct(loopback, new Arrived());
        EventLoop node = loopback.clientLoop();
        entrance = loopback.sockets()
                .listener(node, node)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, TunnelOptions.WATER_MARK)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, TunnelOptions.READ_SIZES)
                .childHandler(Loopback.initializer(this::captured))
                .bind(Loopback.anyPort())
                .syncUninterruptibly()
                .channel();
    }

    @Override
    InetSocketAddress entrance() {
        return (InetSocketAddress) entrance.localAddress();
    }

    private void captured(Channel application) {
        carrier.open(new ChannelInboundHandlerAdapter()).addListener((Future<Channel> opened) -> {
            if (opened.isSuccess()) {
                ChannelRelay.join(application, opened.getNow());
            } else {
                application.close();
            }
        });
    }

    @Override
    public void close() {
        super.close();
        entrance.close().syncUninterruptibly();
        carrier.close();
    }

    /** Joins a stream that arrives with a connection to the application. */
    @ChannelHandler.Sharable
    private final class Arrived extends ChannelInboundHandlerAdapter {
        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            Channel stream = ctx.channel();
            stream.config().setAutoRead(false);
            loopback.sockets()
                    .connector(stream.eventLoop())
                    .option(ChannelOption.WRITE_BUFFER_WATER_MARK, TunnelOptions.WATER_MARK)
                    .option(ChannelOption.RECVBUF_ALLOCATOR, TunnelOptions.READ_SIZES)
                    .handler(new ChannelInboundHandlerAdapter())
                    .connect(destination())
                    .addListener((ChannelFuture connected) -> {
                        if (connected.isSuccess()) {
                            ChannelRelay.join(stream, connected.channel());
                        } else {
                            stream.close();
                        }
                    });
        }
    }
}
