package io.hbone.node.bench;

import io.netty.channel.Channel;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** What the thread of the command waits for; never an event loop. */
final class Waiting {
    private Waiting() {}

    static <T> T on(CompletableFuture<T> future) throws InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("a defect in hbone-java: " + e.getCause(), e);
        }
    }

    /** Closes all, and waits until all are closed. */
    static void close(Collection<Channel> channels) {
        channels.forEach(Channel::close);
        channels.forEach(channel -> channel.closeFuture().awaitUninterruptibly());
    }
}
