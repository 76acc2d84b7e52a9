package io.hbone.netty.h2;

import static io.netty.handler.codec.http2.Http2Exception.connectionError;

import io.hbone.core.HboneSettings;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;

/** What a peer may make a tunnel do for nothing: resets (CVE-2023-44487), frames that only want an answer, answers never read. */
final class AbuseLimits {

    private final ChannelHandlerContext ctx;
    private final HboneSettings settings;
    private final FloodGuard resets;
    private final FloodGuard controlFrames;
    /** Frames that make us answer, since the peer last took what we send. */
    private int unreadAnswers;

    AbuseLimits(ChannelHandlerContext ctx, HboneSettings settings) {
        this.ctx = ctx;
        this.settings = settings;
        long window = settings.floodWindow().toNanos();
        resets = new FloodGuard(settings.maxResets(), window, now());
        controlFrames = new FloodGuard(settings.maxControlFrames(), window, now());
    }

    void countControlFrame(String what) throws Http2Exception {
        if (!controlFrames.admit(now())) {
            throw connectionError(
                    Http2Error.ENHANCE_YOUR_CALM,
                    "more than %d %s and the like within %s",
                    settings.maxControlFrames(),
                    what,
                    settings.floodWindow());
        }
        countAnswer();
    }

    /** A peer that makes us answer and does not read the answers would fill our memory with them. */
    void countAnswer() throws Http2Exception {
        if (ctx.channel().isWritable()) {
            unreadAnswers = 0;
        } else if (++unreadAnswers > settings.maxControlFrames()) {
            throw connectionError(Http2Error.ENHANCE_YOUR_CALM, "peer does not read what it asks for");
        }
    }

    /** Counts a stream that a client resets, or breaks so that we must: both leave us the work and free its place. */
    boolean admitReset() {
        return resets.admit(now());
    }

    String tooManyResets() {
        return "more than " + settings.maxResets() + " streams reset within " + settings.floodWindow();
    }

    private long now() {
        return ctx.executor().ticker().nanoTime();
    }
}
