package io.hbone.node.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers the requests of one connection with a page.
 *
 * <p><b>Reference counting.</b> What is read is released here; what is written belongs to the pipeline.
 */
final class HttpConnection extends SimpleChannelInboundHandler<HttpObject> {
    private static final Logger log = LoggerFactory.getLogger(HttpConnection.class);

    private static final int MAX_BODY = 64 * 1024;

    private final HttpService page;
    private final HttpDeadline deadline;
    private @Nullable HttpRequest request;
    private long body;
    private boolean closing;

    /** Whether an answer is not there yet; what came after its request waits. */
    private boolean answering;

    private final Deque<Runnable> waiting = new ArrayDeque<>();

    HttpConnection(HttpService page, HttpDeadline deadline) {
        this.page = page;
        this.deadline = deadline;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, HttpObject message) {
        if (closing) {
            return;
        }
        if (message.decoderResult().isFailure()) {
            HttpResponseStatus status = statusOf(message.decoderResult().cause());
            inTurn(() -> refuse(ctx, status));
            return;
        }
        if (message instanceof HttpRequest head) {
            request = head;
            body = 0;
        }
        if (message instanceof HttpContent content) {
            body += content.content().readableBytes();
            if (body > MAX_BODY) {
                inTurn(() -> refuse(ctx, HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE));
                return;
            }
        }
        HttpRequest complete = request;
        if (message instanceof LastHttpContent && complete != null) {
            request = null;
            deadline.requestArrived();
            inTurn(() -> answer(ctx, complete));
        }
    }

    /** Answers go out in the order of their requests. */
    private void inTurn(Runnable work) {
        if (answering) {
            waiting.add(work);
        } else if (!closing) {
            work.run();
        }
    }

    private void answer(ChannelHandlerContext ctx, HttpRequest head) {
        boolean keepAlive = HttpUtil.isKeepAlive(head);
        CompletableFuture<HttpReply> reply = reply(head);
        if (reply.isDone()) {
            write(ctx, reply.join(), keepAlive);
            return;
        }
        answering = true;
        ctx.channel().config().setAutoRead(false);
        reply.thenAcceptAsync(
                known -> {
                    write(ctx, known, keepAlive);
                    ctx.channel().config().setAutoRead(true);
                    answering = false;
                    while (!answering && !waiting.isEmpty()) {
                        inTurn(waiting.remove());
                    }
                },
                ctx.executor());
    }

    /** Never fails. */
    private CompletableFuture<HttpReply> reply(HttpRequest head) {
        QueryStringDecoder uri = new QueryStringDecoder(head.uri());
        HttpQuery query;
        try {
            query = new HttpQuery(head.method().name(), uri.path(), uri.parameters(), head.headers());
        } catch (IllegalArgumentException e) {
            // For an escape that is none.
            return CompletableFuture.completedFuture(HttpReply.text(400, "bad request\n"));
        }
        try {
            return page.serve(query).toCompletableFuture().exceptionally(e -> failed(uri, e));
        } catch (RuntimeException e) {
            return CompletableFuture.completedFuture(failed(uri, e));
        }
    }

    private static HttpReply failed(QueryStringDecoder uri, Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        log.error("a page failed: {}", uri.rawPath(), cause);
        return HttpReply.text(500, "internal error\n");
    }

    private void refuse(ChannelHandlerContext ctx, HttpResponseStatus status) {
        write(ctx, HttpReply.empty(status.code()), false);
    }

    private void write(ChannelHandlerContext ctx, HttpReply reply, boolean keepAlive) {
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(reply.status()), Unpooled.wrappedBuffer(reply.body()));
        reply.headers().forEach(response.headers()::set);
        if (!reply.contentType().isEmpty()) {
            response.headers().set(HttpHeaderNames.CONTENT_TYPE, reply.contentType());
        }
        response.headers().setInt(HttpHeaderNames.CONTENT_LENGTH, reply.body().length);
        HttpUtil.setKeepAlive(response, keepAlive);
        closing = !keepAlive;
        ctx.writeAndFlush(response)
                .addListener(keepAlive ? ChannelFutureListener.CLOSE_ON_FAILURE : ChannelFutureListener.CLOSE);
    }

    private static HttpResponseStatus statusOf(Throwable cause) {
        if (cause instanceof TooLongHttpLineException) {
            return HttpResponseStatus.REQUEST_URI_TOO_LONG;
        }
        return cause instanceof TooLongHttpHeaderException
                ? HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
                : HttpResponseStatus.BAD_REQUEST;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            inTurn(() -> {
                closing = true;
                // After what is still on its way out.
                ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
            });
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof IOException) {
            log.debug("connection from {} failed: {}", ctx.channel().remoteAddress(), cause.toString());
        } else {
            log.error("connection from {} failed", ctx.channel().remoteAddress(), cause);
        }
        ctx.close();
    }
}
