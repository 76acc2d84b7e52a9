package io.hbone.bench.harness;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.util.concurrent.Future;

/**
 * A way to carry byte streams from a client to a server; {@link Wire} makes them. Each has been given the handler of its far
 * ends, which is added to every stream when it is there.
 */
public interface Carrier extends AutoCloseable {

    /**
     * Opens a stream.
     *
     * @param sender is added to the channel's pipeline
     * @return a channel that takes {@link io.netty.buffer.ByteBuf}s
     */
    Future<Channel> open(ChannelHandler sender);

    /** Ends a stream from the client's side in good order; its channel closes when the far end has ended, too. */
    void end(Channel stream);

    /** Closes all connections. */
    @Override
    void close();
}
