package io.hbone.netty.h2;

import static io.netty.handler.codec.http2.Http2Exception.connectionError;

import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;

/** Which streams a tunnel has had (RFC 9113 section 5.1.1): clients open the odd ones, in order, and servers none. */
final class StreamIds {

    /** So many of the streams that we reset are remembered: frames that were on their way to them are no error. */
    private static final int REMEMBERED_RESETS = 256;

    private final boolean server;
    private final RecentIds resetByUs = new RecentIds(REMEMBERED_RESETS);
    private int next = 1;
    /** The highest id that the peer has used. */
    private int lastOfPeer;
    /** The highest that was not refused because of a drain: what a GOAWAY says. */
    private int lastServed;

    StreamIds(boolean server) {
        this.server = server;
    }

    /** The id of the next stream that we open; negative when they are used up. */
    int next() {
        return next;
    }

    void useNext() {
        next += 2;
    }

    int lastServed() {
        return lastServed;
    }

    /** Whether it is a request's that has not been seen yet. */
    boolean isNewOfPeer(int id) {
        return server && id > lastOfPeer && (id & 1) == 1;
    }

    /** The peer has opened a stream. @param served whether it counts as served */
    void openedByPeer(int id, boolean served) {
        lastOfPeer = id;
        if (served) {
            lastServed = id;
        }
    }

    void resetByUs(int id) {
        resetByUs.add(id);
    }

    boolean wasResetByUs(int id) {
        return resetByUs.contains(id);
    }

    /** Whether the peer could have opened the stream, or we: frames on any other are errors of the connection. */
    boolean wasOpened(int id) {
        boolean peers = (id & 1) == (server ? 1 : 0);
        return peers ? id <= lastOfPeer : !server && (id < next || next < 0);
    }

    void requireOpened(int id, String frame) throws Http2Exception {
        if (!wasOpened(id)) {
            throw connectionError(Http2Error.PROTOCOL_ERROR, "%s on stream %d, which is idle", frame, id);
        }
    }
}
