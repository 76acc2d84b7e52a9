package io.hbone.netty.testing;

import io.hbone.core.TunnelException;
import io.hbone.netty.h2.ConnectHeaders;
import io.hbone.netty.h2.StreamListener;
import io.hbone.netty.h2.TunnelStream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes down what a stream's listener is told. Takes no data unless {@link #taking} says so. */
public class StreamRecorder implements StreamListener {

    private final List<String> events = new ArrayList<>();
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private @Nullable TunnelStream taker;
    private @Nullable TunnelException failure;

    /** Returns credit for everything that comes on {@code stream} at once. */
    public StreamRecorder taking(TunnelStream stream) {
        taker = stream;
        return this;
    }

    /** What came since the last call: {@code response 200}, {@code data 5}, {@code readComplete}, {@code end}, ... */
    public List<String> events() {
        List<String> result = List.copyOf(events);
        events.clear();
        return result;
    }

    /** All data that came. */
    public byte[] received() {
        return received.toByteArray();
    }

    public @Nullable TunnelException failure() {
        return failure;
    }

    @Override
    public void onResponse(Http2Headers headers) {
        events.add("response " + ConnectHeaders.statusOf(headers));
    }

    @Override
    public void onData(ByteBuf data) {
        int bytes = data.readableBytes();
        events.add("data " + bytes);
        received.writeBytes(ByteBufUtil.getBytes(data));
        data.release();
        if (taker != null) {
            taker.taken(bytes);
        }
    }

    @Override
    public void onReadComplete() {
        events.add("readComplete");
    }

    @Override
    public void onEnd() {
        events.add("end");
    }

    @Override
    public void onWritable() {
        events.add("writable");
    }

    @Override
    public void onReset(boolean orderly, TunnelException why) {
        events.add("reset " + (orderly ? "orderly" : why.error()));
        failure = why;
    }

    @Override
    public void onFailure(TunnelException why) {
        events.add("failure " + why.error());
        failure = why;
    }
}
