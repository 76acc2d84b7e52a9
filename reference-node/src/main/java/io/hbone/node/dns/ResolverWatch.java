package io.hbone.node.dns;

import io.hbone.core.FileStamp;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What resolv.conf(5) says now, as a file that DHCP clients and kubelets write anew while nodes run. It is looked at again and again, as
 * resolvers of applications do. Safe for use by any thread; only {@link #look} reads.
 */
final class ResolverWatch {
    /** As the resolver of Go has it. */
    static final Duration INTERVAL = Duration.ofSeconds(5);

    private static final Logger log = LoggerFactory.getLogger(ResolverWatch.class);

    private final Path path;
    private volatile ResolverFile now = new ResolverFile(List.of(), List.of());
    /** Null of one that is not there. */
    private @Nullable FileStamp seen;

    private ResolverWatch(Path path) {
        this.path = path;
    }

    /** Reads it; one that cannot be read names no server. */
    static ResolverWatch open(Path path) {
        ResolverWatch watch = new ResolverWatch(path);
        watch.seen = FileStamp.find(path);
        watch.read();
        return watch;
    }

    /** Looks at it for as long as {@code executor} runs. */
    ResolverWatch follow(ScheduledExecutorService executor) {
        executor.scheduleWithFixedDelay(this::look, INTERVAL.toNanos(), INTERVAL.toNanos(), TimeUnit.NANOSECONDS);
        return this;
    }

    List<InetSocketAddress> servers() {
        return now.servers();
    }

    List<String> search() {
        return now.search();
    }

    /** Reads it again, if it has changed. What names no server, such as a file that is being written, does not count. */
    synchronized void look() {
        FileStamp current = FileStamp.find(path);
        if (!Objects.equals(current, seen)) {
            seen = current;
            read();
        }
    }

    private void read() {
        ResolverFile before = now;
        try {
            ResolverFile file = ResolverFile.read(path);
            if (!file.servers().isEmpty() || before.servers().isEmpty()) {
                now = file;
            }
            if (file.servers().isEmpty()) {
                log.warn("{}: no name server (expected: lines \"nameserver ADDRESS\"; {})", path, consequence(before));
            } else if (!before.servers().isEmpty() && !before.equals(file)) {
                log.info("{} has changed: name servers {}, search {}", path, file.servers(), file.search());
            }
        } catch (IOException e) {
            log.warn("{} cannot be read: {}; {}", path, e.toString(), consequence(before));
        }
    }

    private static String consequence(ResolverFile before) {
        return before.servers().isEmpty()
                ? "names that the mesh does not know cannot be resolved"
                : "what it said before counts";
    }
}
