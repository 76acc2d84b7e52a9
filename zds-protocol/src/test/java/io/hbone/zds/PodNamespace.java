package io.hbone.zds;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hbone.zds.internal.PeerProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** A network namespace of its own, as {@code ip netns} makes it; needs root. */
final class PodNamespace implements AutoCloseable {
    private static final AtomicInteger COUNT = new AtomicInteger();

    private final String name;

    private PodNamespace(String name) {
        this.name = name;
    }

    static PodNamespace create() throws Exception {
        assumeTrue(PeerProcess.ownUid() == 0, "missing: root (expected: it, to make network namespaces)");
        PodNamespace pod = new PodNamespace("zds-" + ProcessHandle.current().pid() + '-' + COUNT.incrementAndGet());
        command("ip netns add " + pod.name + " && ip -n " + pod.name + " link set lo up");
        return pod;
    }

    NetworkNamespace open() throws IOException {
        return NetworkNamespace.named(name);
    }

    /** @return what it prints */
    String bash(String script) throws Exception {
        return command("ip netns exec " + name + ' ' + script);
    }

    /** What starts a program inside. */
    List<String> command(List<String> program) {
        return Stream.concat(Stream.of("ip", "netns", "exec", name), program.stream())
                .toList();
    }

    private static String command(String script) throws Exception {
        Process process = new ProcessBuilder("bash", "-c", script)
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(script + ": " + output);
        }
        return output;
    }

    @Override
    public void close() throws Exception {
        command("ip netns del " + name);
    }
}
