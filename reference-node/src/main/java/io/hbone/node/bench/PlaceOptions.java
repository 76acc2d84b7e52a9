package io.hbone.node.bench;

import io.hbone.netty.socket.Transport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a client or a server talks to the kernel. */
final class PlaceOptions {
    @Option(
            names = "--threads",
            paramLabel = "N",
            defaultValue = "0",
            description = "Event loops, 1 to 64 (default: half of the CPUs).")
    private int threads;

    @Option(
            names = "--transport",
            paramLabel = "NAME",
            description = "epoll, io_uring or nio (default: epoll where it works).")
    private @Nullable String transport;

    Place open(@Nullable String namespace, String name) throws BenchException, InterruptedException {
        if (threads < 0 || threads > 64) {
            throw new BenchException("--threads: " + threads + " (expected: 1 to 64)");
        }
        int loops = threads > 0 ? threads : Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
        try {
            Transport chosen = transport == null ? Transport.preferred() : Transport.of(transport);
            return Place.open(namespace, loops, chosen, name);
        } catch (IllegalArgumentException e) {
            throw new BenchException("--" + e.getMessage(), e);
        }
    }
}
