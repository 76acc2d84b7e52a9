package io.hbone.bench.harness;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;

/** {@link Wire#TLS} and {@link Wire#PLAIN}: a connection for each stream. */
final class SocketCarrier implements Carrier {

    private final Loopback loopback;
    private final boolean tls;
    private final Channel listener;

    SocketCarrier(Loopback loopback, ChannelHandler receiver, boolean tls) {
        this.loopback = loopback;
        this.tls = tls;
        listener = loopback.listen(accepted -> {
            if (tls) {
                secured(accepted, loopback.serverTls(accepted), receiver);
            } else {
                accepted.pipeline().addLast(receiver);
            }
        });
    }

    @Override
    public Future<Channel> open(ChannelHandler sender) {
        Promise<Channel> opened = loopback.clientLoop().newPromise();
        loopback.connect(listener.localAddress(), channel -> {}).addListener((ChannelFuture connected) -> {
            Channel channel = connected.channel();
            if (!connected.isSuccess()) {
                opened.setFailure(connected.cause());
            } else if (tls) {
                secured(channel, loopback.clientTls(channel), sender).addListener(done -> {
                    if (done.isSuccess()) {
                        opened.setSuccess(channel);
                    } else {
                        opened.setFailure(done.cause());
                    }
                });
            } else {
                channel.pipeline().addLast(sender);
                opened.setSuccess(channel);
            }
        });
        return opened;
    }

    /** Adds {@code last} when the handshake is done, and not before: it may pause reading. */
    private static Future<Channel> secured(Channel channel, SslHandler handler, ChannelHandler last) {
        channel.pipeline().addLast(handler);
        return handler.handshakeFuture().addListener(done -> {
            if (done.isSuccess()) {
                channel.pipeline().addLast(last);
            }
        });
    }

    @Override
    public void end(Channel stream) {
        stream.close();
    }

    @Override
    public void close() {
        listener.close().syncUninterruptibly();
    }
}
