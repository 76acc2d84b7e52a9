package io.hbone.node.bench;

import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.proxy.ProxyConnectException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** Says what became of a connection. */
final class Failures {
    /** The end of a connection that nobody explained. */
    static final String CLOSED = "closed by the other side while it was in use";

    private Failures() {}

    /** @param failure what a connect or an open connection ended with */
    static String describe(@Nullable Throwable failure) {
        boolean wrapped = failure instanceof CompletionException || failure instanceof ExecutionException;
        Throwable cause = failure != null && wrapped ? failure.getCause() : failure;
        if (cause == null) {
            return CLOSED;
        }
        String message = String.valueOf(cause.getMessage());
        if (cause instanceof BenchException) {
            return message;
        }
        if (cause instanceof ProxyConnectException) {
            return "not let through by the SOCKS server (" + message + ")";
        }
        if (cause instanceof ConnectTimeoutException) {
            return "no answer to the connect (a firewall, an address that nobody has, or rules that lead nowhere)";
        }
        if (message.contains("refused")) {
            return "refused (nothing listens there, or what listens for it is no longer there)";
        }
        if (cause instanceof NoRouteToHostException || message.contains("unreachable")) {
            return "unreachable (no route from here; look at 'ip route get')";
        }
        if (message.contains("in use")) {
            return "the address is in use";
        }
        if (message.contains("reset") || message.contains("Broken pipe")) {
            return "reset (by the server, or by a node between; look at the nodes' access logs)";
        }
        return cause instanceof ConnectException ? message : cause.toString();
    }
}
