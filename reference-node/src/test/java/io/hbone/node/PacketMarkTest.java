package io.hbone.node;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.netty.socket.Sockets;
import io.hbone.netty.socket.Transport;
import io.hbone.node.config.ConfigException;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PacketMarkTest {

    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

    @AfterEach
    void close() {
        group.shutdownGracefully();
    }

    @Test
    void require_noMark_asksNobody() {
        assertThatCode(() -> PacketMark.require(Sockets.of(Transport.NIO), group))
                .doesNotThrowAnyException();
    }

    @Test
    void require_transportThatCannot_isRefused() {
        assertThatThrownBy(() -> PacketMark.require(Sockets.of(Transport.NIO).withMark(-1), group))
                .isInstanceOf(ConfigException.class)
                .hasMessage(
                        "PACKET_MARK: \"4294967295\" (expected: not set, as HBONE_TRANSPORT nio cannot mark packets)");
    }
}
