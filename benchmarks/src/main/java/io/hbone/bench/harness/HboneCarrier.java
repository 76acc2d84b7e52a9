package io.hbone.bench.harness;

import io.hbone.core.Baggage;
import io.hbone.netty.HboneClient;
import io.hbone.netty.HboneServer;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.concurrent.Future;
import java.time.Duration;

/** {@link Wire#HBONE}: streams as somebody else's Netty program opens and accepts them. */
final class HboneCarrier implements Carrier {

    private final Loopback loopback;
    private final HboneServer server;
    private final HboneClient client;

    HboneCarrier(Loopback loopback, ChannelHandler receiver) {
        this.loopback = loopback;
        server = loopback.newServer(stream -> stream.accept(Baggage.EMPTY, receiver));
        client = loopback.newClient();
    }

    @Override
    public Future<Channel> open(ChannelHandler sender) {
        return client.connect(
                loopback.clientLoop(), server.localAddress(), loopback.expectedServers(), Loopback.request(), sender);
    }

    @Override
    public void end(Channel stream) {
        ((DuplexChannel) stream).shutdownOutput();
    }

    @Override
    public void close() {
        server.drain(Duration.ZERO).syncUninterruptibly();
        server.close();
        client.close();
    }
}
