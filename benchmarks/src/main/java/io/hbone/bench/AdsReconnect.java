package io.hbone.bench;

import io.hbone.xds.NamedResource;
import io.hbone.xds.ResourceSink;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.ads.AdsClient;
import io.hbone.xds.ads.GrpcAdsTransport;
import io.hbone.xds.ads.NodeInfo;
import io.hbone.xds.ads.XdsAddress;
import io.hbone.xds.server.AdsServer;
import io.hbone.xds.server.MeshResources;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A control plane that is replaced: 100 clients know 50,000 workloads, lose their server, and find a new one that says the same
 * but for one workload. Prints how long it takes until all clients have everything at first, and until all have what has changed
 * after the new server has begun, with how many resources were sent.
 *
 * <p>Run by {@code benchmarks/run ads-reconnect [clients] [workloads] [services]}. All are in one JVM, over a unix socket; clients count
 * resources and do not keep them, as a store is {@link MeshStore}'s affair. What a client says that it holds is as long as with a
 * store.
 */
public final class AdsReconnect {
    private static final double NANOS_PER_MILLI = 1e6;
    private static final long PATIENCE_SECONDS = 300;

    private AdsReconnect() {}

    public static void main(String[] args) throws Exception {
        int count = args.length > 0 ? Integer.parseInt(args[0]) : 100;
        int workloads = args.length > 1 ? Integer.parseInt(args[1]) : 50_000;
        int services = args.length > 2 ? Integer.parseInt(args[2]) : 5_000;
        Path folder = Files.createTempDirectory("ads-reconnect");
        Path socket = folder.resolve("xds.sock");
        List<NamedResource> all = MeshStore.push(workloads, services);
        AtomicLong received = new AtomicLong();
        ResourceSink counting = (type, upserts, removals) -> {
            received.addAndGet(upserts.size() + removals.size());
            return List.of();
        };
        List<AdsClient> clients = new ArrayList<>();
        try {
            AdsServer server = AdsServer.builder(resources(all)).listen(socket);
            long begin = System.nanoTime();
            for (int i = 0; i < count; i++) {
                clients.add(client(socket, i, counting));
            }
            for (AdsClient client : clients) {
                client.ready().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            }
            print(count + " clients have everything", begin, received.get());

            server.close();
            received.set(0);
            all.set(0, MeshStore.workload(0, services, 1));
            MeshResources replaced = resources(all);
            long cpu = cpu();
            begin = System.nanoTime();
            server = AdsServer.builder(replaced).listen(socket);
            while (received.get() < count) {
                if (System.nanoTime() - begin > TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)) {
                    throw new IllegalStateException("only " + received + " of " + count + " were told");
                }
                Thread.sleep(1);
            }
            print(count + " clients are up to date again", begin, received.get());
            System.out.printf(
                    Locale.ROOT,
                    "%-44s %.1f ms%n",
                    "processor time for each, both ends",
                    (cpu() - cpu) / NANOS_PER_MILLI / count);
            clients.forEach(AdsClient::close);
            server.close();
        } finally {
            Files.deleteIfExists(socket);
            Files.deleteIfExists(folder);
        }
        System.exit(0);
    }

    private static MeshResources resources(List<NamedResource> all) {
        MeshResources resources = new MeshResources();
        resources.apply(TypeUrl.ADDRESS, all, List.of());
        return resources;
    }

    private static AdsClient client(Path socket, int number, ResourceSink sink) {
        return AdsClient.builder(
                        GrpcAdsTransport.builder(new XdsAddress.Unix(socket)).build())
                .all(TypeUrl.ADDRESS, sink)
                .node(NodeInfo.ofZtunnel(Map.of("NODE_NAME", "node-" + number)))
                .start();
    }

    private static long cpu() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    private static void print(String what, long begin, long resources) {
        System.out.printf(
                Locale.ROOT,
                "%-44s %,.0f ms, %,d resources%n",
                what,
                (System.nanoTime() - begin) / NANOS_PER_MILLI,
                resources);
    }
}
