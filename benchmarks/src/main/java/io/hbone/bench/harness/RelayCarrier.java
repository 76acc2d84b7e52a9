package io.hbone.bench.harness;

import io.hbone.netty.socket.TunnelOptions;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;

/**
 * Streams between the sockets of two applications, each of which has an event loop of its own and speaks to a node beside it:
 * application, node on the client's loop, wire, node on the server's loop, application.
 */
abstract class RelayCarrier implements Carrier {

    private final Loopback loopback;
    private final EventLoopGroup nearApplications;
    private final EventLoopGroup farApplications;
    private final Channel destination;

    /** @param receiver handles the connections of the far application */
    RelayCarrier(Loopback loopback, ChannelHandler receiver) {
        this.loopback = loopback;
        nearApplications = loopback.newLoop("near-application");
        farApplications = loopback.newLoop("far-application");
        destination = loopback.sockets()
                .listener(farApplications, farApplications)
                .childOption(ChannelOption.AUTO_READ, true)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, TunnelOptions.READ_SIZES)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, false)
                .childHandler(receiver)
                .bind(Loopback.anyPort())
                .syncUninterruptibly()
                .channel();
    }

    /** Where the near node takes connections of its application. */
    abstract InetSocketAddress entrance();

    /** Where the far node finds its application. */
    final InetSocketAddress destination() {
        return (InetSocketAddress) destination.localAddress();
    }

    @Override
    public final Future<Channel> open(ChannelHandler sender) {
        Promise<Channel> opened = nearApplications.next().newPromise();
        loopback.sockets()
                .connector(nearApplications.next())
                .option(ChannelOption.AUTO_READ, true)
                .option(ChannelOption.RECVBUF_ALLOCATOR, TunnelOptions.READ_SIZES)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, false)
                .handler(sender)
                .connect(entrance())
                .addListener((ChannelFuture connected) -> {
                    if (connected.isSuccess()) {
                        opened.setSuccess(connected.channel());
                    } else {
                        opened.setFailure(connected.cause());
                    }
                });
        return opened;
    }

    @Override
    public final void end(Channel stream) {
        ((SocketChannel) stream).shutdownOutput();
    }

    @Override
    public void close() {
        Loopback.end(nearApplications, farApplications);
    }
}
