package io.hbone.bench;

import io.hbone.bench.harness.Footprint;
import io.hbone.bench.harness.Line;
import io.hbone.core.OutboundRouter.Outbound;
import io.hbone.core.Route;
import io.hbone.core.Route.ServiceRef;
import io.hbone.core.SpiffeId;
import io.hbone.core.WorkloadIdentity;
import io.hbone.xds.NamedResource;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.model.AddressCodec;
import io.hbone.xds.model.Cidr;
import io.hbone.xds.model.PortMap;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Vip;
import io.hbone.xds.model.Workload;
import io.hbone.xds.routing.RoutingSettings;
import io.hbone.xds.routing.StoreOutboundRouter;
import io.hbone.xds.store.WorkloadStore;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import org.HdrHistogram.Histogram;

/**
 * What a large mesh costs: applies 50,000 workloads and 5,000 services, then changes one workload in a hundred again and again,
 * while another thread routes connections to services and workloads as fast as it can. Prints the times, the routes per second
 * with and without changes, and the heap that is held for each workload (with its share of services and endpoints).
 *
 * <p>Run by {@code benchmarks/run mesh-store [workloads] [services] [seconds]}. Not a JMH suite: readers and the writer are measured
 * against each other.
 */
public final class MeshStore {
    private static final int CHURN_PERCENT = 1;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final double NANOS_PER_MILLI = 1e6;
    private static final long MAX_NANOS = 10 * NANOS_PER_SECOND;
    private static final int CHURN_PAUSE_MILLIS = 100;

    private static final ThreadMXBean CPU = ManagementFactory.getThreadMXBean();

    private MeshStore() {}

    public static void main(String[] args) throws InterruptedException, IOException {
        int workloads = args.length > 0 ? Integer.parseInt(args[0]) : 50_000;
        int services = args.length > 1 ? Integer.parseInt(args[1]) : 5_000;
        int seconds = args.length > 2 ? Integer.parseInt(args[2]) : 5;
        List<NamedResource> push = push(workloads, services);

        for (int i = 0; i < 5; i++) {
            new WorkloadStore().apply(TypeUrl.ADDRESS, push, List.of()); // warm
        }
        Footprint before = Footprint.settled();
        WorkloadStore store = new WorkloadStore();
        long begin = System.nanoTime();
        long cpuBegin = CPU.getCurrentThreadCpuTime();
        int rejected = store.apply(TypeUrl.ADDRESS, push, List.of()).size();
        double applied = (System.nanoTime() - begin) / NANOS_PER_MILLI;
        double cpu = (CPU.getCurrentThreadCpuTime() - cpuBegin) / NANOS_PER_MILLI;
        long held = Footprint.settled().since(before).heap();
        Line.print("workloads, services, rejected", "%,d, %,d, %,d", workloads, services, rejected);
        Line.print("apply everything", "%.0f ms, of that %.0f ms of processor time", applied, cpu);
        Line.print("heap held a workload", "%,d bytes", held / workloads);

        measure(store, workloads, services, seconds, false);
        measure(store, workloads, services, seconds, true);
    }

    private static void measure(WorkloadStore store, int workloads, int services, int seconds, boolean churn)
            throws InterruptedException {
        Reader reader = new Reader(store, workloads, services);
        Thread thread = new Thread(reader, "reader");
        thread.start();
        Thread.sleep(2_000); // compiled by then
        reader.reset = true;
        long begin = System.nanoTime();
        long end = begin + seconds * NANOS_PER_SECOND;
        Histogram batches = new Histogram(MAX_NANOS, 3);
        Histogram processor = new Histogram(MAX_NANOS, 3);
        for (int round = 1; System.nanoTime() < end; round++) {
            if (churn) {
                List<NamedResource> changes = new ArrayList<>();
                for (int i = round % 100; i < workloads; i += 100 / CHURN_PERCENT) {
                    changes.add(workload(i, services, round));
                }
                long start = System.nanoTime();
                long cpuStart = CPU.getCurrentThreadCpuTime();
                store.apply(TypeUrl.ADDRESS, changes, List.of());
                processor.recordValue(CPU.getCurrentThreadCpuTime() - cpuStart);
                batches.recordValue(Math.min(System.nanoTime() - start, MAX_NANOS));
            }
            Thread.sleep(CHURN_PAUSE_MILLIS);
        }
        reader.stop = true;
        thread.join();
        String when = churn ? "while changing" : "at rest";
        Line.print("routes a second, " + when, "%,d", reader.routes * NANOS_PER_SECOND / (System.nanoTime() - begin));
        Line.print(
                "one route, " + when,
                "p50 %,d ns, p99 %,d ns, p99.9 %,d ns, max %,d us",
                reader.latency.getValueAtPercentile(50),
                reader.latency.getValueAtPercentile(99),
                reader.latency.getValueAtPercentile(99.9),
                reader.latency.getMaxValue() / 1_000);
        if (churn) {
            Line.print(
                    CHURN_PERCENT + " % of the workloads changed, " + batches.getTotalCount() + " times",
                    "p50 %.1f ms, max %.1f ms, of that p50 %.1f ms of processor time",
                    batches.getValueAtPercentile(50) / NANOS_PER_MILLI,
                    batches.getMaxValue() / NANOS_PER_MILLI,
                    processor.getValueAtPercentile(50) / NANOS_PER_MILLI);
        }
    }

    /** Routes as fast as it can, from workload 0, half of them to services. */
    private static final class Reader implements Runnable {
        private final StoreOutboundRouter router;
        private final WorkloadIdentity self = new WorkloadIdentity(uid(0), identity(0));
        private final InetSocketAddress client = new InetSocketAddress(address(10, 0), 40_000);
        private final InetSocketAddress[] destinations = new InetSocketAddress[4096];
        private final Histogram latency = new Histogram(MAX_NANOS, 3);
        private volatile boolean reset;
        private volatile boolean stop;
        private long routes;

        Reader(WorkloadStore store, int workloads, int services) {
            RandomGenerator random = () -> ThreadLocalRandom.current().nextLong();
            router = new StoreOutboundRouter(
                    store::snapshot, new RoutingSettings("", Set.of(15001, 15006, 15008), true, true, true), random);
            SplittableRandom draw = new SplittableRandom(42);
            for (int i = 0; i < destinations.length; i++) {
                destinations[i] = i % 2 == 0
                        ? new InetSocketAddress(address(11, draw.nextInt(services)), 80)
                        : new InetSocketAddress(address(10, draw.nextInt(workloads)), 8080);
            }
        }

        @Override
        public void run() {
            for (int i = 0; !stop; i++) {
                if (reset) {
                    reset = false;
                    routes = 0;
                    latency.reset();
                }
                long start = System.nanoTime();
                Route route = router.route(new Outbound(self, client, destinations[i & (destinations.length - 1)]))
                        .toCompletableFuture()
                        .join();
                latency.recordValue(Math.min(System.nanoTime() - start, MAX_NANOS));
                if (!(route instanceof Route.Tunnel)) {
                    throw new IllegalStateException("not a tunnel: " + route);
                }
                routes++;
            }
        }
    }

    private static String uid(int number) {
        return "cluster1//Pod/ns-" + number % 100 + "/app-" + number;
    }

    private static SpiffeId identity(int number) {
        return SpiffeId.parse("spiffe://cluster.local/ns/ns-" + number % 100 + "/sa/sa-" + number % 1000);
    }

    private static String hostname(int number) {
        return "svc-" + number + ".ns-" + number % 100 + ".svc.cluster.local";
    }

    private static InetAddress address(int first, int number) {
        try {
            return InetAddress.getByAddress(
                    new byte[] {(byte) first, (byte) (number >> 16), (byte) (number >> 8), (byte) number});
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    /** A mesh of that size. */
    static List<NamedResource> push(int workloads, int services) {
        List<NamedResource> push = new ArrayList<>(workloads + services);
        for (int i = 0; i < workloads; i++) {
            push.add(workload(i, services, 0));
        }
        for (int i = 0; i < services; i++) {
            push.add(service(i));
        }
        return push;
    }

    /** Workload {@code number}, as it is in a round of changes. */
    static NamedResource workload(int number, int services, int round) {
        int service = number % services;
        Workload workload = Workload.builder(uid(number), "app-" + number, identity(number))
                .addresses(List.of(address(10, number)))
                .enrolled(true)
                .node("node-" + number / 100)
                .workloadName("app-" + service)
                .canonicalName("app-" + service)
                .canonicalRevision("v" + round)
                .services(Map.of("ns-" + service % 100 + '/' + hostname(service), PortMap.of(Map.of(80, 8080))))
                .build();
        return new NamedResource(workload.uid(), Integer.toString(round), AddressCodec.encode(workload));
    }

    private static NamedResource service(int number) {
        Service service = new Service(
                new ServiceRef("ns-" + number % 100, "svc-" + number, hostname(number)),
                List.of(new Vip("", Cidr.of(address(11, number)))),
                PortMap.of(Map.of(80, 8080)));
        return new NamedResource(service.key(), "0", AddressCodec.encode(service));
    }
}
