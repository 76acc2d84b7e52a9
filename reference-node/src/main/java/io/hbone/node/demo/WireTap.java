package io.hbone.node.demo;

import io.hbone.core.HboneSettings;
import io.hbone.core.TunnelException;
import io.hbone.netty.proxy.ApplicationConnector;
import io.hbone.netty.socket.Addresses;
import io.hbone.netty.socket.OriginalDestination;
import io.hbone.netty.socket.OriginalSource;
import io.hbone.netty.socket.Sockets;
import io.hbone.netty.socket.Transport;
import io.hbone.node.text.Ip;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The network between the pods: passes connections on and keeps all that crosses it. Knows nothing of TLS, identities and
 * tunnels, as any stranger on the way.
 */
final class WireTap implements AutoCloseable {
    private static final long GRACE_MILLIS = 500;

    private final EventLoopGroup group;
    private final Sockets listening;
    private final ApplicationConnector connector;
    private final boolean transparent;
    private final boolean tamper;
    private final List<Recording> recordings = new CopyOnWriteArrayList<>();

    private WireTap(Sockets connecting, boolean transparent, boolean tamper) {
        this.group = connecting.transport().newEventLoopGroup(1, "demo-wire");
        this.listening = connecting.withMark(null).withOriginalSource(OriginalSource.OFF);
        this.connector = new ApplicationConnector(connecting, HboneSettings.DEFAULT);
        this.transparent = transparent;
        this.tamper = tamper;
    }

    /** One whose far end sees the tap's address. */
    static WireTap visible(boolean tamper) {
        return new WireTap(Sockets.of(Transport.preferred()).withKeepalive(null), false, tamper);
    }

    /** One that neither end can see, with a packet mark for the rules that make it so. Needs root and epoll. */
    static WireTap transparent(int mark, boolean tamper) {
        Sockets sockets =
                Sockets.of(Transport.EPOLL).withKeepalive(null).withMark(mark).withOriginalSource(OriginalSource.ON);
        return new WireTap(sockets, true, tamper);
    }

    /** Takes connections on {@code at} and passes them on; the answer is where it listens. */
    InetSocketAddress listen(InetSocketAddress at, OriginalDestination to) throws IOException {
        ChannelFuture bound = listening
                .listener(group, group)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel accepted) {
                        accepted.pipeline().addLast(new Crossing((DuplexChannel) accepted, to));
                    }
                })
                .bind(at)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException(
                    "wire on " + Ip.format(at) + ": " + bound.cause().getMessage(), bound.cause());
        }
        return (InetSocketAddress) bound.channel().localAddress();
    }

    /** What has crossed so far, in the order of the connects, searched for {@code marker}. */
    List<Flow> flows(String marker) {
        // On the loop that records, so that nothing moves meanwhile.
        return group.next()
                .submit(() -> recordings.stream()
                        .map(recording -> recording.flow(marker))
                        .toList())
                .syncUninterruptibly()
                .getNow();
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, GRACE_MILLIS, TimeUnit.MILLISECONDS)
                .awaitUninterruptibly(GRACE_MILLIS, TimeUnit.MILLISECONDS);
    }

    /**
     * A connection until its far end is there.
     *
     * <p><b>Reference counting:</b> keeps what arrives together with a FIN, which the kernel hands over unasked.
     */
    private final class Crossing extends ChannelInboundHandlerAdapter implements ApplicationConnector.Result {
        private final DuplexChannel near;
        private final OriginalDestination to;
        private final Deque<Object> early = new ArrayDeque<>();
        private Recording recording = new Recording("", "", false);

        Crossing(DuplexChannel near, OriginalDestination to) {
            this.near = near;
            this.to = to;
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            InetSocketAddress source = Addresses.canonicalOrNull(near.remoteAddress());
            if (source == null) {
                near.close();
                return;
            }
            InetSocketAddress destination = to.of(near);
            recording = new Recording(Ip.format(source), Ip.format(destination), tamper);
            recordings.add(recording);
            connector.connect(near.eventLoop(), destination, transparent ? source : null, this);
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            early.add(message);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {}

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            early.add(event);
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            drop();
        }

        @Override
        public void connected(DuplexChannel far) {
            if (!near.isActive()) {
                far.close();
                return;
            }
            far.pipeline().addLast(new Pipe(far, near, recording::back));
            near.pipeline().replace(this, null, new Pipe(near, far, recording::there));
            for (Object next = early.poll(); next != null; next = early.poll()) {
                if (next instanceof ByteBuf) {
                    near.pipeline().fireChannelRead(next);
                    near.pipeline().fireChannelReadComplete();
                } else {
                    near.pipeline().fireUserEventTriggered(next);
                }
            }
            far.read();
            near.read();
        }

        @Override
        public void failed(TunnelException why) {
            drop();
            near.close();
        }

        private void drop() {
            for (Object next = early.poll(); next != null; next = early.poll()) {
                ReferenceCountUtil.release(next);
            }
        }
    }

    /**
     * One direction: reads again when what was read is written.
     *
     * <p><b>Reference counting:</b> the write releases.
     */
    private static final class Pipe extends ChannelInboundHandlerAdapter {
        private final DuplexChannel from;
        private final DuplexChannel to;
        private final Consumer<ByteBuf> recorder;

        Pipe(DuplexChannel from, DuplexChannel to, Consumer<ByteBuf> recorder) {
            this.from = from;
            this.to = to;
            this.recorder = recorder;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (!(message instanceof ByteBuf data)) {
                ReferenceCountUtil.release(message);
                return;
            }
            recorder.accept(data);
            to.write(data);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            to.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
                if (written.isSuccess()) {
                    from.read();
                } else {
                    from.close();
                }
            });
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event == ChannelInputShutdownEvent.INSTANCE) {
                // Behind what was written before.
                to.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> to.shutdownOutput());
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            to.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> to.close());
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            from.close();
        }
    }
}
