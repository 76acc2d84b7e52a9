package io.hbone.xds.ads;

import io.grpc.Status;
import io.hbone.xds.proto.discovery.DeltaDiscoveryRequest;
import io.hbone.xds.proto.discovery.DeltaDiscoveryResponse;

/** How a client reaches its server: the seam at which tests put a server of their own. */
public interface AdsTransport extends AutoCloseable {
    /**
     * Opens a stream. It does not wait; a stream that cannot be opened is one that is closed.
     *
     * @param listener may be called on any thread, also before this returns, one call after the other
     */
    Stream open(Listener listener);

    /** Ends what streams share. */
    @Override
    void close();

    /** One stream, from the client's side. */
    interface Stream {
        /** Sends, or does nothing when it has ended. */
        void send(DeltaDiscoveryRequest request);

        /** Takes one more response. None comes unasked: a server cannot fill the client's memory. */
        void request();

        /** Ends it; the listener hears no more, or of the end. */
        void cancel(String why);
    }

    /** What comes. */
    interface Listener {
        void onResponse(DeltaDiscoveryResponse response);

        /** The end of the stream; {@link Status#OK} when the server wanted it. */
        void onClosed(Status status);
    }
}
