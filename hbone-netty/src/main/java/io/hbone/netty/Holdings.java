package io.hbone.netty;

import io.hbone.core.HboneSettings;
import io.hbone.netty.socket.Transport;
import io.netty.channel.EventLoopGroup;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Event loops and resources that a client or server runs on: the caller's, or its own, which it then releases. */
record Holdings(EventLoopGroup workers, boolean ownsWorkers, TunnelResources resources, boolean ownsResources) {

    /**
     * @param group the caller's, or null
     * @param shared the caller's, or null
     * @param name of the threads that are made
     */
    static Holdings of(
            @Nullable EventLoopGroup group,
            @Nullable TunnelResources shared,
            HboneSettings settings,
            Transport transport,
            String name) {
        return new Holdings(
                group != null
                        ? group
                        : transport.newEventLoopGroup(Runtime.getRuntime().availableProcessors(), name),
                group == null,
                shared != null ? shared : TunnelResources.of(settings),
                shared == null);
    }

    void release() {
        if (ownsResources) {
            resources.close();
        }
        if (ownsWorkers) {
            workers.shutdownGracefully(0, 5, TimeUnit.SECONDS);
        }
    }
}
