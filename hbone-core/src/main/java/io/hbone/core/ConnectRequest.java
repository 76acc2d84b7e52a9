package io.hbone.core;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the head of a tunnelled connection says (RFC 9113 section 8.5: a plain CONNECT with {@code :method} and {@code
 * :authority}, and Istio's headers).
 *
 * @param authority what the peer is asked to connect to
 * @param baggage what the source says of itself
 * @param forwarded for whom the source asks
 * @param traceParent names the connection in logs
 * @param originNetwork the source's network, header {@code x-forwarded-network}; null when the networks are one
 */
public record ConnectRequest(
        Authority authority,
        Baggage baggage,
        Forwarded forwarded,
        TraceParent traceParent,
        @Nullable String originNetwork) {
    public ConnectRequest {
        Objects.requireNonNull(authority, "authority");
        Objects.requireNonNull(baggage, "baggage");
        Objects.requireNonNull(forwarded, "forwarded");
        Objects.requireNonNull(traceParent, "traceParent");
    }

    /** A request that says nothing of the source. */
    public static ConnectRequest to(Authority authority, TraceParent traceParent) {
        return new ConnectRequest(authority, Baggage.EMPTY, Forwarded.NONE, traceParent, null);
    }
}
