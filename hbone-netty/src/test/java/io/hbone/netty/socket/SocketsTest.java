package io.hbone.netty.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.netty.socket.Sockets.Keepalive;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the kernel has of the options that both ends of a connection ask for. */
class SocketsTest {

    private static final Transport TRANSPORT = Transport.of(System.getProperty("hbone.transport", "epoll"));
    private static final int SOL_TCP = 6;

    private final Sockets sockets =
            Sockets.of(TRANSPORT).withKeepalive(new Keepalive(Duration.ofSeconds(41), Duration.ofSeconds(7), 5, true));

    @ParameterizedTest
    @CsvSource({"127.0.0.1, 127.0.0.1", "::, 127.0.0.1", "::, ::1"})
    void bothEndsKeepAliveWithoutDelay(String listening, String dialled) throws Exception {
        EventLoopGroup loops = TRANSPORT.newEventLoopGroup(1, "test");
        CompletableFuture<Channel> accepted = new CompletableFuture<>();
        try {
            Channel listener = sockets.listener(loops, loops)
                    .childHandler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            accepted.complete(channel);
                        }
                    })
                    .bind(new InetSocketAddress(InetAddress.getByName(listening), 0))
                    .sync()
                    .channel();
            InetAddress to = InetAddress.getByName(dialled);
            Channel connected = sockets.connector(loops.next(), to)
                    .handler(new ChannelInboundHandlerAdapter())
                    .connect(new InetSocketAddress(to, ((InetSocketAddress) listener.localAddress()).getPort()))
                    .sync()
                    .channel();
            for (Channel end : new Channel[] {connected, accepted.get(10, TimeUnit.SECONDS)}) {
                assertThat(end.config().getOption(ChannelOption.TCP_NODELAY)).isTrue();
                assertThat(end.config().getOption(ChannelOption.SO_KEEPALIVE)).isTrue();
                assertThat(end.config().getOption(ChannelOption.ALLOW_HALF_CLOSURE))
                        .isTrue();
                if (TRANSPORT != Transport.NIO) {
                    assertThat(tcp(end, 4)).as("TCP_KEEPIDLE").isEqualTo(41);
                    assertThat(tcp(end, 5)).as("TCP_KEEPINTVL").isEqualTo(7);
                    assertThat(tcp(end, 6)).as("TCP_KEEPCNT").isEqualTo(5);
                    assertThat(tcp(end, 18)).as("TCP_USER_TIMEOUT").isEqualTo((41 + 7 * 5) * 1000);
                }
            }
        } finally {
            loops.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
        }
    }

    /** @param number as in linux/tcp.h */
    private static int tcp(Channel channel, int number) {
        return channel.config().getOption(new IntegerUnixChannelOption("TCP option " + number, SOL_TCP, number));
    }
}
