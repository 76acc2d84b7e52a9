package io.hbone.netty.h2;

import static io.netty.handler.codec.http2.Http2CodecUtil.FRAME_HEADER_LENGTH;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2FrameTypes;
import java.util.ArrayDeque;

/**
 * Sends DATA: puts frame headers before what streams give, as far as the peer's windows allow, lets streams that wait for the
 * connection take turns, and decides when to flush.
 *
 * <p><b>Reference counting:</b> takes over the buffers it is given.
 */
final class DataWriter {

    /** Before this much is written, a flush waits for what else is ready in the same turn of the event loop. */
    private static final int FLUSH_AT_ONCE = 128 * 1024;

    /** What a stream that waited may send before the next one has its turn. */
    private static final int QUANTUM = 64 * 1024;

    private static final int END_OF_STREAM = 0x1;

    private final ChannelHandlerContext ctx;
    private final SendWindow window = new SendWindow(Http2CodecUtil.DEFAULT_WINDOW_SIZE);
    /** Streams that may send but for the connection: its window is used up, or its socket takes no more. */
    private final ArrayDeque<TunnelStream> waiting = new ArrayDeque<>(4);

    private final Runnable flushTask = this::flushNow;
    private final Runnable resumeTask = this::resumeScheduled;

    private int maxFrameSize = Http2CodecUtil.DEFAULT_MAX_FRAME_SIZE;
    private int unflushed;
    private boolean flushScheduled;
    private boolean resumeScheduled;

    DataWriter(ChannelHandlerContext ctx) {
        this.ctx = ctx;
    }

    /** The peer's window for the connection. */
    SendWindow window() {
        return window;
    }

    void maxFrameSize(int bytes) {
        maxFrameSize = bytes;
    }

    /**
     * Sends {@code data}, or as much as windows allow and keeps the rest with the stream.
     *
     * @param headroom whether a frame header may be written into the bytes before the reader index
     * @return whether more may be written
     */
    boolean write(TunnelStream stream, ByteBuf data, boolean headroom) {
        int length = data.readableBytes();
        if (stream.isClosed() || stream.isEnding() || length == 0) {
            data.release();
            return isWritable(stream);
        }
        if (stream.hasPending() || length > allowed(stream) || length > maxFrameSize) {
            stream.addPending(data);
            sendPending(stream, Integer.MAX_VALUE);
        } else {
            consume(stream, length);
            if (headroom) {
                int start = data.readerIndex() - FRAME_HEADER_LENGTH;
                putHeader(data, start, stream.id(), length, 0);
                ctx.write(data.readerIndex(start), ctx.voidPromise());
            } else {
                ctx.write(header(stream.id(), length, 0), ctx.voidPromise());
                ctx.write(data, ctx.voidPromise());
            }
        }
        return isWritable(stream);
    }

    /** Whether the stream may send now; otherwise it is owed a word when it may. */
    boolean isWritable(TunnelStream stream) {
        if (stream.hasPending() || stream.sendWindow.available() <= 0) {
            stream.owedWritable = true;
            return false;
        }
        if (!isConnectionReady()) {
            stream.owedWritable = true;
            enqueue(stream);
            return false;
        }
        return true;
    }

    /** Sends what the stream keeps, up to {@code quantum} bytes, and its end when that is due. */
    void sendPending(TunnelStream stream, int quantum) {
        int left = quantum;
        for (ByteBuf data = stream.peekPending(); data != null && left > 0; data = stream.peekPending()) {
            int length = Math.min(Math.min(data.readableBytes(), left), Math.min(allowed(stream), maxFrameSize));
            if (length <= 0 || !ctx.channel().isWritable()) {
                break;
            }
            consume(stream, length);
            left -= length;
            ctx.write(header(stream.id(), length, 0), ctx.voidPromise());
            if (length == data.readableBytes()) {
                stream.removePending();
                ctx.write(data, ctx.voidPromise());
            } else {
                ctx.write(data.readRetainedSlice(length), ctx.voidPromise());
            }
        }
        if (stream.isEndDue()) {
            ctx.write(header(stream.id(), 0, END_OF_STREAM), ctx.voidPromise());
            unflushed += FRAME_HEADER_LENGTH;
            stream.localEnded();
        } else if (stream.hasPending() && stream.sendWindow.available() > 0) {
            enqueue(stream);
        }
    }

    /** The stream has been given credit, or has been kept waiting and has its turn. */
    void resume(TunnelStream stream, int quantum) {
        sendPending(stream, quantum);
        if (stream.owedWritable && !stream.isEnding() && isWritable(stream)) {
            stream.owedWritable = false;
            stream.listener().onWritable();
        }
    }

    /**
     * The connection's socket takes data again, or no more. Those who wait hear of it in a turn of their own: it may have come to
     * light in a flush of theirs, and nobody is called back from within a call.
     */
    void writabilityChanged() {
        if (!resumeScheduled && !waiting.isEmpty() && isConnectionReady()) {
            resumeScheduled = true;
            ctx.executor().execute(resumeTask);
        }
    }

    private void resumeScheduled() {
        resumeScheduled = false;
        resumeWaiting();
    }

    /** The connection can send again: those who wait have their turns, over and over. */
    void resumeWaiting() {
        while (!waiting.isEmpty() && isConnectionReady()) {
            TunnelStream stream = waiting.remove();
            stream.queued = false;
            if (!stream.isClosed()) {
                resume(stream, QUANTUM);
            }
            if (unflushed >= FLUSH_AT_ONCE) {
                flushNow(); // only then it shows whether the socket takes more
            }
        }
        flush();
    }

    /** Flushes at the end of this turn of the event loop, so that streams which are ready together share records and calls. */
    void flush() {
        if (unflushed >= FLUSH_AT_ONCE) {
            flushNow();
        } else if (!flushScheduled) {
            flushScheduled = true;
            ctx.executor().execute(flushTask);
        }
    }

    private void flushNow() {
        flushScheduled = false;
        unflushed = 0;
        ctx.flush();
    }

    private boolean isConnectionReady() {
        return window.available() > 0 && ctx.channel().isWritable();
    }

    private void enqueue(TunnelStream stream) {
        if (!stream.queued) {
            stream.queued = true;
            waiting.add(stream);
        }
    }

    private int allowed(TunnelStream stream) {
        return Math.min(window.available(), stream.sendWindow.available());
    }

    private void consume(TunnelStream stream, int length) {
        window.consume(length);
        stream.sendWindow.consume(length);
        unflushed += FRAME_HEADER_LENGTH + length;
    }

    private ByteBuf header(int streamId, int length, int flags) {
        ByteBuf header = ctx.alloc().directBuffer(FRAME_HEADER_LENGTH);
        putHeader(header, 0, streamId, length, flags);
        return header.writerIndex(FRAME_HEADER_LENGTH);
    }

    private static void putHeader(ByteBuf out, int at, int streamId, int length, int flags) {
        out.setMedium(at, length);
        out.setByte(at + 3, Http2FrameTypes.DATA);
        out.setByte(at + 4, flags);
        out.setInt(at + 5, streamId);
    }
}
