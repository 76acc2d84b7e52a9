package io.hbone.node.scenario;

import static org.awaitility.Awaitility.await;

import io.hbone.node.traffic.Capture;
import io.hbone.node.traffic.Pod;
import io.hbone.node.traffic.Program;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Pattern;

/** tcpdump at one interface of a machine, for as long as the machine is there. */
final class Tap {
    /** Nobody listens there, and no rule redirects it. */
    static final int SENTINEL_PORT = 9;

    private static final int FILE_HEADER = 24;

    /** What may come between a datagram and the look for it, in bytes. */
    private static final int TAIL = 1 << 20;

    private static final Pattern DROPPED = Pattern.compile("(\\d+) packets dropped by kernel");

    private final String name;
    private final Path file;
    private final Program tcpdump;
    private long position = FILE_HEADER;

    private Tap(String name, Path file, Program tcpdump) {
        this.name = name;
        this.file = file;
        this.tcpdump = tcpdump;
    }

    static Tap start(Pod machine, String device) {
        String name = machine.name() + "-" + device;
        Path file = Path.of(machine.file(name + ".pcap"));
        return new Tap(name, file, Capture.start(machine, device, file, "tcp or udp port " + SENTINEL_PORT));
    }

    /** What it saw since the last call and up to now, which is when it saw the datagram with that text. */
    Capture next(String sentinel) {
        await("the end of the capture of " + name)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(5))
                .until(
                        () -> read(Math.max(position, file.toFile().length() - TAIL), TAIL),
                        tail -> text(tail).contains(sentinel));
        Capture capture = Capture.read(ByteBuffer.wrap(read(0, FILE_HEADER)), read(position, Integer.MAX_VALUE));
        position += capture.size();
        return capture;
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private byte[] read(long from, int atMost) {
        try (FileChannel channel = FileChannel.open(file)) {
            int size = (int) Math.max(0, Math.min(channel.size() - from, atMost));
            ByteBuffer bytes = ByteBuffer.allocate(size);
            while (bytes.hasRemaining() && channel.read(bytes, from + bytes.position()) >= 0) {}
            return bytes.array();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends it: how many packets it missed. */
    long stop() {
        String said = tcpdump.terminate().join(Pod.PATIENCE).err();
        var dropped = DROPPED.matcher(said);
        if (!dropped.find()) {
            throw new AssertionError("tcpdump at " + name + ": " + said);
        }
        return Long.parseLong(dropped.group(1));
    }

    @Override
    public String toString() {
        return name;
    }
}
