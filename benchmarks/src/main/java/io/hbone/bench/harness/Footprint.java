package io.hbone.bench.harness;

import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The memory of this process.
 *
 * @param heap what is left of the Java heap after a collection, bytes
 * @param direct what Netty's allocators hold outside of the heap, in use or pooled, bytes
 * @param resident what the kernel has given to the process, bytes; 0 where it does not say (it does on Linux)
 */
public record Footprint(long heap, long direct, long resident) {

    private static final int COLLECTIONS = 4;
    private static final int PAUSE_MILLIS = 250;

    /** After garbage is gone and its pages have been given back, as far as the collector does that. */
    public static Footprint settled() throws InterruptedException, IOException {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
            Thread.sleep(PAUSE_MILLIS);
        }
        return new Footprint(
                ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
                Math.max(0, PlatformDependent.usedDirectMemory()),
                residentBytes());
    }

    /** What has been added since {@code earlier}. */
    public Footprint since(Footprint earlier) {
        return new Footprint(heap - earlier.heap, direct - earlier.direct, resident - earlier.resident);
    }

    private static long residentBytes() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return 0;
        }
        for (String line : Files.readAllLines(status, StandardCharsets.US_ASCII)) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
            }
        }
        return 0;
    }
}
