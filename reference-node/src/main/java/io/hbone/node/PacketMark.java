package io.hbone.node;

import io.hbone.netty.socket.Sockets;
import io.hbone.netty.socket.Transport;
import io.hbone.node.config.ConfigException;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.unix.IntegerUnixChannelOption;
import org.jspecify.annotations.Nullable;

/**
 * Finds out at the start whether sockets can be marked. Later it would show as connections without the mark, which the redirect
 * rules take for the application's and lead back into the node.
 */
final class PacketMark {
    /** asm-generic/socket.h. */
    private static final ChannelOption<Integer> SO_MARK = new IntegerUnixChannelOption("SO_MARK", 1, 36);

    private PacketMark() {}

    /** @throws ConfigException when a mark is asked for and cannot be set */
    static void require(Sockets sockets, EventLoopGroup group) {
        Integer mark = sockets.mark();
        if (mark == null) {
            return;
        }
        String shown = Integer.toUnsignedString(mark);
        if (sockets.transport() == Transport.NIO) {
            throw ConfigException.of("PACKET_MARK", shown, "not set, as HBONE_TRANSPORT nio cannot mark packets");
        }
        String failure = tryOn(sockets, group, mark);
        if (failure != null) {
            throw ConfigException.of(
                    "PACKET_MARK",
                    shown,
                    "one that may be set: " + failure
                            + "; it takes CAP_NET_ADMIN, or CAP_NET_RAW from Linux 5.17 on. Without it redirect rules"
                            + " take the node's packets for an application's; PROXY_MODE=dedicated without a mark"
                            + " works beside rules that know the node by its user");
        }
    }

    private static @Nullable String tryOn(Sockets sockets, EventLoopGroup group, int mark) {
        ChannelFuture made = sockets.withMark(null)
                .withKeepalive(null)
                .connector(group.next())
                .handler(new ChannelInboundHandlerAdapter())
                .register()
                .awaitUninterruptibly();
        Channel probe = made.channel();
        try {
            probe.config().setOption(SO_MARK, mark);
            return null;
        } catch (ChannelException e) {
            return e.getMessage();
        } finally {
            probe.close();
        }
    }
}
