package io.hbone.netty.proxy;

import io.hbone.netty.socket.Addresses;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.AttributeKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The first words of a SOCKS5 client (RFC 1928), without authentication and with CONNECT alone; then the captured connection
 * takes over. As with stock ztunnel success is reported before anything is dialled: this is an aid for tests.
 *
 * <p><b>Threading:</b> the connection's event loop; names are looked up elsewhere.
 */
final class SocksHandshake extends ByteToMessageDecoder {

    private static final AttributeKey<InetSocketAddress> DESTINATION =
            AttributeKey.valueOf(SocksHandshake.class, "destination");

    private static final int VERSION = 5;
    private static final int NO_AUTHENTICATION = 0;
    private static final int NO_ACCEPTABLE_METHOD = 0xff;
    private static final int CONNECT = 1;
    private static final int IPV4 = 1;
    private static final int NAME = 3;
    private static final int IPV6 = 4;

    private static final int SUCCEEDED = 0;
    private static final int HOST_UNREACHABLE = 4;
    private static final int COMMAND_NOT_SUPPORTED = 7;

    private static final int TIMEOUT_SECONDS = 10;

    private final AcceptedConnection connection;
    private State state = State.GREETING;

    private enum State {
        GREETING,
        REQUEST,
        DONE
    }

    SocksHandshake(AcceptedConnection connection) {
        this.connection = connection;
    }

    /** Where the client of {@code accepted} asked to go. */
    static InetSocketAddress destination(Channel accepted) {
        return Objects.requireNonNull(accepted.attr(DESTINATION).get());
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        ctx.channel().config().setAutoRead(true);
        ctx.executor()
                .schedule(
                        () -> {
                            if (state != State.DONE) {
                                ctx.close();
                            }
                        },
                        TIMEOUT_SECONDS,
                        TimeUnit.SECONDS);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        switch (state) {
            case GREETING -> greeting(ctx, in);
            case REQUEST -> request(ctx, in);
            case DONE -> {
                // what follows is passed on when this handler leaves
            }
        }
    }

    /** Version, number of methods, methods. */
    private void greeting(ChannelHandlerContext ctx, ByteBuf in) {
        int start = in.readerIndex();
        if (in.readableBytes() < 2 || in.readableBytes() < 2 + in.getUnsignedByte(start + 1)) {
            return;
        }
        int methods = in.getUnsignedByte(start + 1);
        boolean version = in.getUnsignedByte(start) == VERSION;
        boolean method = in.indexOf(start + 2, start + 2 + methods, (byte) NO_AUTHENTICATION) >= 0;
        in.skipBytes(2 + methods);
        if (!version || !method) {
            refuse(ctx, Unpooled.wrappedBuffer(new byte[] {VERSION, (byte) NO_ACCEPTABLE_METHOD}));
            return;
        }
        state = State.REQUEST;
        ctx.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {VERSION, NO_AUTHENTICATION}));
    }

    /** Version, command, 0, kind of address, address, port. */
    private void request(ChannelHandlerContext ctx, ByteBuf in) {
        int start = in.readerIndex();
        if (in.readableBytes() < 5) {
            return;
        }
        int kind = in.getUnsignedByte(start + 3);
        int length =
                switch (kind) {
                    case IPV4 -> 4;
                    case IPV6 -> 16;
                    case NAME -> 1 + in.getUnsignedByte(start + 4);
                    default -> -1;
                };
        if (length < 0 || in.getUnsignedByte(start) != VERSION || in.getUnsignedByte(start + 1) != CONNECT) {
            in.skipBytes(in.readableBytes());
            refuse(ctx, reply(COMMAND_NOT_SUPPORTED));
            return;
        }
        if (in.readableBytes() < 4 + length + 2) {
            return;
        }
        byte[] address = new byte[length];
        in.skipBytes(4).readBytes(address);
        int port = in.readUnsignedShort();
        state = State.DONE;
        ctx.channel().config().setAutoRead(false);
        if (kind == NAME) {
            String name = new String(address, 1, length - 1, StandardCharsets.US_ASCII);
            CompletableFuture.supplyAsync(() -> lookUp(name))
                    .whenComplete((ip, failure) -> ctx.executor().execute(() -> resolved(ctx, ip, port)));
        } else {
            resolved(ctx, ip(address), port);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }

    private static InetAddress lookUp(String name) {
        try {
            return InetAddress.getByName(name);
        } catch (UnknownHostException e) {
            throw new CompletionException(e);
        }
    }

    private static InetAddress ip(byte[] address) {
        try {
            return Addresses.canonical(InetAddress.getByAddress(address));
        } catch (UnknownHostException e) {
            throw new AssertionError("4 or 16 bytes are always an address", e);
        }
    }

    private void resolved(ChannelHandlerContext ctx, @Nullable InetAddress ip, int port) {
        if (ctx.isRemoved()) {
            return;
        }
        if (ip == null || port == 0) {
            refuse(ctx, reply(HOST_UNREACHABLE));
            return;
        }
        ctx.channel().attr(DESTINATION).set(new InetSocketAddress(ip, port));
        ctx.writeAndFlush(reply(SUCCEEDED));
        ctx.pipeline().addLast(connection);
        ctx.pipeline().remove(this); // hands over what came after the request
        connection.start();
    }

    private void refuse(ChannelHandlerContext ctx, ByteBuf last) {
        state = State.DONE;
        ctx.channel().config().setAutoRead(false);
        ctx.writeAndFlush(last).addListener(ChannelFutureListener.CLOSE);
    }

    /** The address that we would dial from is of no use to anybody: 0.0.0.0:0. */
    private static ByteBuf reply(int code) {
        return Unpooled.wrappedBuffer(new byte[] {VERSION, (byte) code, 0, IPV4, 0, 0, 0, 0, 0, 0});
    }
}
