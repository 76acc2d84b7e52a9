package io.hbone.xds.ads;

import io.grpc.Status;
import io.hbone.xds.Rejection;
import java.time.Duration;
import java.util.List;

/** Is told what happens between a client and its server, on the client's thread. */
public interface AdsObserver {
    /** Listens to nothing. */
    AdsObserver NONE = new AdsObserver() {};

    /**
     * A response came, which is not taken yet.
     *
     * @param bytes of the message
     */
    default void received(String typeUrl, int bytes) {}

    /** A response was taken. */
    default void applied(String typeUrl, int upserts, int removals, List<Rejection> rejections) {}

    /** The stream has ended. */
    default void disconnected(Status why, Duration retryIn) {}
}
