package io.hbone.netty.proxy;

import io.hbone.core.Route;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * When a connection that did not come about is tried another way. It is safe for all of them: nothing of the application's is sent
 * before the whole way stands.
 */
final class Retries {
    /** How many ways are tried: the application waits meanwhile, and knows only that it is connected. */
    private static final int MAX_TRIED = 3;

    private static final int UNAUTHORIZED = 401;

    /** What another endpoint may well not have. Our own certificate and policies would be the same there. */
    private static final Set<TunnelError> ELSEWHERE = EnumSet.of(
            TunnelError.DESTINATION_CONNECT_FAILED,
            TunnelError.TUNNEL_CONNECT_FAILED,
            TunnelError.TUNNEL_CONNECT_TIMEOUT,
            TunnelError.TLS_HANDSHAKE_FAILED,
            TunnelError.TLS_HANDSHAKE_TIMEOUT,
            TunnelError.PEER_IDENTITY_MISMATCH,
            TunnelError.PEER_CERTIFICATE_REVOKED,
            TunnelError.PROTOCOL_ERROR,
            TunnelError.PEER_UNRESPONSIVE,
            TunnelError.TUNNEL_CLOSED,
            TunnelError.STREAM_REFUSED,
            TunnelError.STREAM_RESET,
            TunnelError.CONNECT_REJECTED);

    private Retries() {}

    /** Whether another route is worth asking for. A policy's refusal is an answer and not a failure. */
    static boolean mayHelp(TunnelException why, int tried) {
        return tried < MAX_TRIED && ELSEWHERE.contains(why.error()) && why.status() != UNAUTHORIZED;
    }

    static List<Route> with(List<Route> tried, Route next) {
        if (tried.isEmpty()) {
            return List.of(next);
        }
        List<Route> all = new ArrayList<>(tried);
        all.add(next);
        return List.copyOf(all);
    }
}
