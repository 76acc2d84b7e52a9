package io.hbone.node.dns;

import io.hbone.netty.socket.Sockets;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One query on its way to name servers, one after another, until one replies. Messages pass as they are, but for the id, which is
 * drawn anew; each attempt has a socket of its own, and so a port that a forger would have to guess, too (RFC 5452 9.2). A server
 * that is late is still listened to while the next one is asked.
 *
 * <p><b>Threading:</b> on one event loop.
 */
final class Exchange {
    /** How long all of it may take: resolvers of applications give up then (resolv.conf(5), {@code timeout}). */
    static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final int LENGTH = 2;

    private final EventLoop loop;
    private final NameServers servers;
    private final Query query;
    private final byte[] sent;
    private final List<Attempt> attempts = new ArrayList<>();
    private final List<Channel> open = new ArrayList<>();
    private final CompletableFuture<byte[]> result = new CompletableFuture<>();

    private int next;
    private @Nullable Future<?> timer;
    /** Of a server that could not help, in case that none can. */
    private byte @Nullable [] lastResort;

    private String trouble = "no name server is known";

    private record Attempt(InetSocketAddress server, boolean tcp) {}

    private Exchange(EventLoop loop, NameServers servers, Query query, boolean tcp, int id) {
        this.loop = loop;
        this.servers = servers;
        this.query = query;
        sent = withId(query.message(), id);
        // By the way that the asker chose; who asks by TCP wants what does not fit into a datagram.
        List<InetSocketAddress> asked = servers.servers();
        asked.forEach(server -> attempts.add(new Attempt(server, tcp)));
        asked.forEach(server -> attempts.add(new Attempt(server, false)));
    }

    /**
     * Asks.
     *
     * @param loop on which this is called, and completes
     * @param tcp whether it came by TCP
     * @param id random
     * @return the reply, with the query's id; fails with {@link IOException} when nobody replied in time
     */
    static CompletionStage<byte[]> begin(EventLoop loop, NameServers servers, Query query, boolean tcp, int id) {
        Exchange exchange = new Exchange(loop, servers, query, tcp, id);
        exchange.proceed();
        return exchange.result;
    }

    private static byte[] withId(byte[] message, int id) {
        byte[] copy = message.clone();
        copy[0] = (byte) (id >> 8);
        copy[1] = (byte) id;
        return copy;
    }

    private void proceed() {
        if (timer != null) {
            timer.cancel(false);
        }
        if (next == attempts.size()) {
            end();
            return;
        }
        int number = next++;
        long patience = PATIENCE.toNanos() / attempts.size();
        timer = loop.schedule(() -> failed(number, "no reply in time"), patience, TimeUnit.NANOSECONDS);
        Attempt attempt = attempts.get(number);
        Sockets sockets = servers.socketsTo(attempt.server);
        Bootstrap bootstrap = attempt.tcp
                ? sockets.connector(loop).option(ChannelOption.AUTO_READ, true)
                : sockets.datagram(loop)
                        .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(Replies.limit(query)));
        bootstrap.handler(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                if (attempt.tcp) {
                    channel.pipeline()
                            .addLast(
                                    new LengthFieldBasedFrameDecoder(Replies.MAX_LENGTH + LENGTH, 0, LENGTH, 0, LENGTH))
                            .addLast(new LengthFieldPrepender(LENGTH));
                }
                channel.pipeline().addLast(new Receiver(number));
            }
        });
        sockets.make(
                loop,
                () -> bootstrap.connect(attempt.server),
                made -> made.addListener(done -> {
                    if (done.isSuccess()) {
                        send((ChannelFuture) done);
                    } else {
                        failed(number, String.valueOf(done.cause()));
                    }
                }));
    }

    private void send(ChannelFuture made) {
        Channel channel = made.channel();
        if (result.isDone()) {
            channel.close();
            return;
        }
        open.add(channel);
        InetSocketAddress own = (InetSocketAddress) channel.localAddress();
        servers.asking().add(own);
        channel.closeFuture().addListener(closed -> servers.asking().remove(own));
        channel.writeAndFlush(Unpooled.wrappedBuffer(sent));
    }

    /** What one server has sent. */
    private void received(int number, byte[] message) {
        if (!isReply(message)) {
            return; // of whoever guesses
        }
        boolean helps = code(message) != DnsResponseCode.SERVFAIL.intValue()
                && code(message) != DnsResponseCode.REFUSED.intValue()
                // To who asks by TCP a truncated reply is none.
                && !(attempts.get(0).tcp && !attempts.get(number).tcp && (message[2] & 0x02) != 0);
        if (helps) {
            finish(message);
            return;
        }
        lastResort = message;
        failed(number, "it replied " + DnsResponseCode.valueOf(code(message)));
    }

    private void failed(int number, String why) {
        if (result.isDone()) {
            return;
        }
        trouble = attempts.get(number).server.getAddress().getHostAddress() + ": " + why;
        if (number == next - 1) {
            proceed();
        }
    }

    private static int code(byte[] message) {
        return message[3] & 0xf;
    }

    /** Whether it replies to what was sent: the id, and the question, but for the case of its letters. */
    private boolean isReply(byte[] message) {
        if (message.length < Query.HEAD || message[0] != sent[0] || message[1] != sent[1] || (message[2] & 0x80) == 0) {
            return false;
        }
        boolean asked = message[4] != 0 || message[5] != 0;
        if (!asked) {
            return code(message) != DnsResponseCode.NOERROR.intValue(); // of servers that repeat nothing to an error
        }
        if (message.length < query.end()) {
            return false;
        }
        for (int i = Query.HEAD; i < query.end(); i++) {
            if (lower(message[i]) != lower(sent[i])) {
                return false;
            }
        }
        return true;
    }

    private static int lower(byte letter) {
        return letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter;
    }

    private void end() {
        byte[] message = lastResort;
        if (message != null) {
            finish(message);
        } else {
            close();
            result.completeExceptionally(new IOException(trouble));
        }
    }

    private void finish(byte[] message) {
        close();
        result.complete(withId(message, query.id()));
    }

    private void close() {
        if (timer != null) {
            timer.cancel(false);
        }
        open.forEach(Channel::close);
    }

    /** Takes what comes on one socket. */
    private final class Receiver extends SimpleChannelInboundHandler<Object> {
        private final int number;

        Receiver(int number) {
            this.number = number;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, Object message) {
            ByteBuf content = message instanceof DatagramPacket packet ? packet.content() : (ByteBuf) message;
            if (!result.isDone()) {
                received(number, ByteBufUtil.getBytes(content));
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            failed(number, "closed without a reply");
        }

        /** ICMP says that nobody is there, or the connection is reset. */
        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            failed(number, cause.toString());
            ctx.close();
        }
    }
}
