package io.hbone.netty.testing;

import io.hbone.core.Baggage;
import io.hbone.core.TunnelException;
import io.hbone.netty.h2.ConnectHeaders;
import io.hbone.netty.h2.Tunnel;
import io.hbone.netty.h2.TunnelEvents;
import io.hbone.netty.h2.TunnelStream;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Writes down what a tunnel's owner is told, and answers every request with 200 unless told otherwise. */
public class TunnelRecorder implements TunnelEvents {

    private final List<String> events = new ArrayList<>();
    private final Map<Integer, TunnelStream> streams = new HashMap<>();
    private final Map<Integer, StreamRecorder> recorders = new HashMap<>();
    private boolean answering = true;
    private @Nullable TunnelException end;

    /** Requests are left without an answer from now on. */
    public TunnelRecorder silent() {
        answering = false;
        return this;
    }

    /** What happened since the last call, without {@code room}: {@code incoming 1}, {@code goingAway}, {@code closed}. */
    public List<String> events() {
        List<String> result =
                events.stream().filter(event -> !event.equals("room")).toList();
        events.clear();
        return result;
    }

    /** How often room changed since the last call of this or of {@link #events}. */
    public long roomChanges() {
        long count = events.stream().filter("room"::equals).count();
        events.removeIf("room"::equals);
        return count;
    }

    /** A stream that the peer opened. */
    public TunnelStream stream(int id) {
        return Objects.requireNonNull(streams.get(id), () -> "no stream " + id);
    }

    public StreamRecorder of(int id) {
        return Objects.requireNonNull(recorders.get(id), () -> "no stream " + id);
    }

    public boolean opened(int id) {
        return streams.containsKey(id);
    }

    public int incoming() {
        return streams.size();
    }

    public @Nullable TunnelException end() {
        return end;
    }

    @Override
    public void incoming(TunnelStream stream, Http2Headers request) {
        events.add("incoming " + stream.id());
        streams.put(stream.id(), stream);
        StreamRecorder recorder = new StreamRecorder();
        recorders.put(stream.id(), recorder);
        stream.setListener(recorder);
        if (answering) {
            stream.respond(ConnectHeaders.ok(Baggage.EMPTY), false);
        }
    }

    @Override
    public void roomChanged(Tunnel tunnel) {
        events.add("room");
    }

    @Override
    public void goingAway(Tunnel tunnel) {
        events.add("goingAway");
    }

    @Override
    public void closed(Tunnel tunnel, @Nullable TunnelException why) {
        events.add("closed" + (why == null ? "" : " " + why.error()));
        end = why;
    }
}
