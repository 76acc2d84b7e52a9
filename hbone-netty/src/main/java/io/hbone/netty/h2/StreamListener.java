package io.hbone.netty.h2;

import io.hbone.core.TunnelException;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * Told what happens to a stream. Called on the tunnel's event loop, in the order of the wire; nothing is called after {@link
 * #onReset} or {@link #onFailure}, and no data after {@link #onEnd}.
 */
public interface StreamListener {

    /** The answer to a request that we sent; informational answers are not reported. */
    void onResponse(Http2Headers headers);

    /**
     * A piece of what the peer sent, never empty. The callee releases it, and calls {@link TunnelStream#taken} for its bytes when
     * its consumer has taken them: until then they count against the stream's window.
     */
    void onData(ByteBuf data);

    /** The data that came in one read of the tunnel is complete: the time to flush. */
    void onReadComplete();

    /** The peer has ended its direction. */
    void onEnd();

    /** More may be written, after {@link TunnelStream#write} or {@link TunnelStream#isWritable} said otherwise. */
    void onWritable();

    /** The peer has reset the stream. {@code orderly} for the codes that mean a mere end (NO_ERROR and CANCEL). */
    void onReset(boolean orderly, TunnelException why);

    /** The stream cannot go on: the tunnel failed, or the peer broke a rule and we have reset the stream. */
    void onFailure(TunnelException why);
}
