package io.hbone.netty;

import io.hbone.netty.socket.Transport;
import io.netty.channel.EventLoopGroup;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Event loops that a client or server runs on: the caller's, or its own, which it then shuts down. */
record LoopGroups(EventLoopGroup workers, boolean owned) {

    static LoopGroups of(@Nullable EventLoopGroup callers, Transport transport, String name) {
        return callers != null
                ? new LoopGroups(callers, false)
                : new LoopGroups(
                        transport.newEventLoopGroup(Runtime.getRuntime().availableProcessors(), name), true);
    }

    void shutDownIfOwned() {
        if (owned) {
            workers.shutdownGracefully(0, 5, TimeUnit.SECONDS);
        }
    }
}
