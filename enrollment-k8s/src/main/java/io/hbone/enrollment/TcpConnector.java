package io.hbone.enrollment;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Connects and closes. */
final class TcpConnector implements PeerArrivals.Connector {
    private static final Logger logger = LoggerFactory.getLogger(TcpConnector.class);

    private final AsynchronousChannelGroup group;

    TcpConnector() {
        try {
            group = AsynchronousChannelGroup.withFixedThreadPool(1, task -> {
                Thread thread = new Thread(task, "peer-connects");
                thread.setDaemon(true);
                return thread;
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public CompletionStage<Boolean> connect(InetSocketAddress address, Duration patience) {
        AsynchronousSocketChannel channel;
        try {
            channel = AsynchronousSocketChannel.open(group);
        } catch (IOException e) {
            logger.debug("no socket for {}: {}", address, e.toString());
            return CompletableFuture.completedFuture(false);
        }
        CompletableFuture<Boolean> listens = new CompletableFuture<>();
        listens.completeOnTimeout(false, patience.toNanos(), TimeUnit.NANOSECONDS)
                .whenComplete((result, failure) -> close(channel));
        try {
            channel.connect(address, listens, Answer.INSTANCE);
        } catch (RuntimeException e) {
            logger.debug("{} cannot be connected to: {}", address, e.toString());
            listens.complete(false); // such as an address of a family that this machine does not have
        }
        return listens;
    }

    private static void close(AsynchronousSocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            logger.debug("a connection that was tried could not be closed: {}", e.toString());
        }
    }

    /** What came of it. */
    private enum Answer implements CompletionHandler<Void, CompletableFuture<Boolean>> {
        INSTANCE;

        @Override
        public void completed(Void nothing, CompletableFuture<Boolean> listens) {
            listens.complete(true);
        }

        @Override
        public void failed(Throwable why, CompletableFuture<Boolean> listens) {
            listens.complete(false);
        }
    }

    @Override
    public void close() {
        try {
            group.shutdownNow();
        } catch (IOException e) {
            logger.debug("not everything could be closed: {}", e.toString());
        }
    }
}
