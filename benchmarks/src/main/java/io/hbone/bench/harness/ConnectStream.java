package io.hbone.bench.harness;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Promise;
import org.jspecify.annotations.Nullable;

/**
 * Makes a stream channel of Netty's codec what a tunnel's is: CONNECT and its answer first, then {@link ByteBuf}s both ways, and an
 * end for an end.
 *
 * <p><b>Reference counting:</b> a frame and its content are counted as one: the content is passed on in the frame's place.
 */
final class ConnectStream extends ChannelDuplexHandler {

    /** The client's end: completed by the answer. */
    private final @Nullable Promise<Channel> established;
    /** The server's end: takes over when it has answered. */
    private final @Nullable ChannelHandler receiver;

    private ConnectStream(@Nullable Promise<Channel> established, @Nullable ChannelHandler receiver) {
        this.established = established;
        this.receiver = receiver;
    }

    /** The end that asks; {@code established} is completed by the answer. */
    static ConnectStream client(Promise<Channel> established) {
        return new ConnectStream(established, null);
    }

    /** The end that says 200 to everything, and then has {@code receiver} in its pipeline: it may pause reading. */
    static ConnectStream server(ChannelHandler receiver) {
        return new ConnectStream(null, receiver);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        if (established != null) {
            writeHeaders(
                    ctx,
                    new DefaultHttp2Headers()
                            .method(HttpMethod.CONNECT.asciiName())
                            .authority(Loopback.request().authority().toString()));
        }
        ctx.fireChannelActive();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof Http2DataFrame data) {
            boolean end = data.isEndStream();
            ctx.fireChannelRead(data.content());
            if (end && receiver != null) {
                ctx.writeAndFlush(new DefaultHttp2DataFrame(true));
            }
        } else if (message instanceof Http2HeadersFrame) {
            if (receiver != null) {
                writeHeaders(ctx, new DefaultHttp2Headers().status(HttpResponseStatus.OK.codeAsText()));
                ctx.pipeline().addLast(receiver);
            }
            if (established != null) {
                established.trySuccess(ctx.channel());
            }
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    private static void writeHeaders(ChannelHandlerContext ctx, Http2Headers headers) {
        ctx.writeAndFlush(new DefaultHttp2HeadersFrame(headers));
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        ctx.write(message instanceof ByteBuf data ? new DefaultHttp2DataFrame(data) : message, promise);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (established != null) {
            established.tryFailure(new IllegalStateException("the stream ended before it was answered"));
        }
        ctx.fireChannelInactive();
    }
}
