package io.hbone.netty.h2;

import io.hbone.core.TunnelException;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Headers;

/** Listens for a stream that nobody listens to. */
enum Discard implements StreamListener {
    LISTENER;

    @Override
    public void onResponse(Http2Headers headers) {}

    @Override
    public void onData(ByteBuf data) {
        data.release();
    }

    @Override
    public void onReadComplete() {}

    @Override
    public void onEnd() {}

    @Override
    public void onWritable() {}

    @Override
    public void onReset(boolean orderly, TunnelException why) {}

    @Override
    public void onFailure(TunnelException why) {}
}
