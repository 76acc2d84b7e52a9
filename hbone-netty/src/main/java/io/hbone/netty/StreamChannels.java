package io.hbone.netty;

import io.hbone.netty.h2.TunnelStream;
import io.netty.channel.ChannelHandler;

/** Makes channels of established streams. */
final class StreamChannels {

    private StreamChannels() {}

    /** The channel of {@code stream}, registered, with {@code handler} in its pipeline. On the stream's event loop. */
    static StreamChannel open(TunnelStream stream, ChannelHandler handler) {
        StreamChannel channel = new StreamChannel(stream);
        stream.setListener(channel);
        channel.pipeline().addLast(handler);
        stream.eventLoop().register(channel);
        return channel;
    }
}
