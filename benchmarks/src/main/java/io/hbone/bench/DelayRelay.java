package io.hbone.bench;

import io.hbone.netty.socket.Transport;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A long wire: passes on what it is sent, each way so much later. What is on its way is held here and not in the sockets at either
 * end, as between two machines that are far apart; so it shows what a sender's windows allow. At most {@value #MAX_FLIGHT} bytes are
 * held each way.
 *
 * <p>Run by {@code benchmarks/growth} where the kernel has no {@code netem}: {@code DelayRelay PORT HOST:PORT MILLISECONDS}, the last one way.
 */
public final class DelayRelay {
    private static final int MAX_FLIGHT = 256 << 20;

    private DelayRelay() {}

    public static void main(String[] args) throws Exception {
        int port = Integer.parseInt(args[0]);
        String[] to = args[1].split(":");
        InetSocketAddress target = new InetSocketAddress(to[0], Integer.parseInt(to[1]));
        long delay = Math.round(Double.parseDouble(args[2]) * 1e6);
        EventLoopGroup loops = Transport.EPOLL.newEventLoopGroup(1, "relay");
        Channel listener = new ServerBootstrap()
                .group(loops)
                .channel(EpollServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 1024)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.AUTO_READ, false)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel from) {
                        join(from, target, delay);
                    }
                })
                .bind(port)
                .sync()
                .channel();
        System.out.println("relaying");
        listener.closeFuture().sync();
    }

    private static void join(Channel from, InetSocketAddress target, long delay) {
        Way back = new Way(delay, from);
        new Bootstrap()
                .group(from.eventLoop())
                .channel(EpollSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .handler(back)
                .connect(target)
                .addListener((ChannelFuture connected) -> {
                    if (connected.isSuccess()) {
                        from.pipeline().addLast(new Way(delay, connected.channel()));
                        from.config().setAutoRead(true);
                    } else {
                        System.err.println("relay: " + connected.cause());
                        from.close();
                    }
                });
    }

    /** One direction. Both are on one event loop. */
    private static final class Way extends ChannelInboundHandlerAdapter {
        private final long delay;
        private final Channel to;
        private long flying;
        private @Nullable ChannelHandlerContext context;

        Way(long delay, Channel to) {
            this.delay = delay;
            this.to = to;
        }

        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            context = ctx;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            int size = bytes.readableBytes();
            flying += size;
            ctx.channel().config().setAutoRead(flying < MAX_FLIGHT);
            later(ctx, () -> to.writeAndFlush(bytes).addListener(done -> landed(size)));
        }

        private void landed(int size) {
            flying -= size;
            if (context != null && flying < MAX_FLIGHT / 2) {
                context.channel().config().setAutoRead(true);
            }
        }

        /** In order: what is due at the same time is done in the order in which it was scheduled. */
        private void later(ChannelHandlerContext ctx, Runnable deed) {
            if (delay == 0) {
                deed.run();
            } else {
                ctx.executor().schedule(deed, delay, TimeUnit.NANOSECONDS);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            later(ctx, to::close);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }
}
