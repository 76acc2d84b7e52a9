package io.hbone.netty.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ListenGuardTest {

    @Test
    void aListenerThatCannotAcceptRestsAndGoesOn() {
        EmbeddedChannel listener = new EmbeddedChannel(new ListenGuard(OriginalSource.OFF));
        listener.freezeTime();
        listener.pipeline().fireExceptionCaught(new IOException("Too many open files"));
        assertThat(listener.config().isAutoRead()).isFalse();
        listener.pipeline().fireExceptionCaught(new IOException("Too many open files"));
        listener.advanceTimeBy(99, TimeUnit.MILLISECONDS);
        listener.runScheduledPendingTasks();
        assertThat(listener.config().isAutoRead()).isFalse();
        listener.advanceTimeBy(1, TimeUnit.MILLISECONDS);
        listener.runScheduledPendingTasks();
        assertThat(listener.config().isAutoRead()).isTrue();
        listener.checkException(); // went no further
        listener.finish();
    }

    @Test
    void aTransportThatCannotBeTransparentListensUnlessItMust() throws Exception {
        EventLoopGroup loops = Transport.NIO.newEventLoopGroup(1, "test");
        try {
            ChannelFuture automatic = bind(loops, OriginalSource.AUTO);
            assertThat(automatic.isSuccess()).isTrue();
            Channel channel = automatic.channel();
            channel.close().sync();
            ChannelFuture required = bind(loops, OriginalSource.ON);
            assertThat(required.cause()).isInstanceOf(BindException.class).hasMessageContaining("transparent");
        } finally {
            loops.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
        }
    }

    private static ChannelFuture bind(EventLoopGroup loops, OriginalSource mode) throws InterruptedException {
        ServerBootstrap bootstrap =
                Sockets.of(Transport.NIO).withOriginalSource(mode).listener(loops, loops);
        return bootstrap
                .childHandler(new ChannelInboundHandlerAdapter())
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .await();
    }
}
