package io.hbone.node.telemetry;

import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What the process is and holds (spec/ztunnel.md 10.1). Read when somebody asks. */
public final class ProcessMetrics {
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
    private static final Path LIMITS = Path.of("/proc/self/limits");
    private static final String LIMIT = "Max open files";

    private ProcessMetrics() {}

    /** @param version of the node */
    public static void register(PrometheusRegistry registry, String version) {
        // The component is ztunnel's name: it is what dashboards select this job of the mesh by.
        Gauge.builder()
                .name("istio_build")
                .help("Istio component build info")
                .labelNames("component", "tag")
                .register(registry)
                .labelValues("ztunnel", version)
                .set(1);
        GaugeWithCallback.builder()
                .name("process_open_fds")
                .help("Number of open file descriptors")
                .callback(callback -> callback.call(openDescriptors()))
                .register(registry);
        GaugeWithCallback.builder()
                .name("process_max_fds")
                .help("Maximum number of file descriptors")
                .callback(callback -> callback.call(maxDescriptors()))
                .register(registry);
        GaugeWithCallback.builder()
                .name("hbone_heap_bytes")
                .help("Memory of the Java heap in use")
                .callback(callback -> callback.call(usedHeap()))
                .register(registry);
    }

    private static double openDescriptors() {
        try (Stream<Path> all = Files.list(DESCRIPTORS)) {
            // Without the one for listing.
            return all.count() - 1;
        } catch (IOException e) {
            return Double.NaN;
        }
    }

    private static double maxDescriptors() {
        try (Stream<String> lines = Files.lines(LIMITS)) {
            String soft = lines.filter(line -> line.startsWith(LIMIT))
                    .map(line -> line.substring(LIMIT.length()).strip().split("\\s+", 2)[0])
                    .findFirst()
                    .orElse("");
            return soft.equals("unlimited") ? Double.POSITIVE_INFINITY : Double.parseDouble(soft);
        } catch (IOException | NumberFormatException e) {
            return Double.NaN;
        }
    }

    private static double usedHeap() {
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
