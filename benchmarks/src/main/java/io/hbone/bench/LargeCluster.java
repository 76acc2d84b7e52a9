package io.hbone.bench;

import com.sun.management.OperatingSystemMXBean;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.hbone.bench.harness.Footprint;
import io.hbone.bench.harness.Line;
import io.hbone.enrollment.MeshDirectory;
import io.hbone.enrollment.directory.ClusterDirectory;
import io.hbone.enrollment.testing.FakeApiServer;
import io.hbone.xds.ResourceSink;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.server.AddressAliases;
import io.hbone.xds.server.MeshResources;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;

/**
 * What it costs an agent to keep its nodes told of a large cluster: an API server in the same JVM lists 50,000 pods and 5,000
 * services, and tells of changes. Prints the time until nodes can be told everything, the heap that is held by the directory alone and
 * with all that a server of xDS holds, and how long it takes from an event on the wire until nodes are told: of one pod, of a namespace
 * that is labelled, and of a watch that has expired.
 *
 * <p>Run by {@code benchmarks/run cluster-directory [pods] [services] [namespaces]}.
 */
public final class LargeCluster {
    private static final String PODS = "/api/v1/pods";
    private static final String SERVICES = "/api/v1/services";
    private static final String NAMESPACES = "/api/v1/namespaces";
    private static final int CHANGES = 300;
    private static final OperatingSystemMXBean PROCESS =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private static final double NANOS_PER_MILLI = 1e6;
    private static final long MEBI = 1 << 20;

    /** Of fields that nobody here reads, managed fields above all: a pod is some 5 KB. */
    private static final String BALLAST = "x".repeat(3_500);

    private final int pods;
    private final int services;
    private final int namespaces;
    private final FakeApiServer api = FakeApiServer.start();
    private final AtomicLong told = new AtomicLong();

    private LargeCluster(int pods, int services, int namespaces) {
        this.pods = pods;
        this.services = services;
        this.namespaces = namespaces;
    }

    public static void main(String[] args) throws InterruptedException, IOException {
        LargeCluster cluster = new LargeCluster(
                args.length > 0 ? Integer.parseInt(args[0]) : 50_000,
                args.length > 1 ? Integer.parseInt(args[1]) : 5_000,
                args.length > 2 ? Integer.parseInt(args[2]) : 100);
        cluster.run();
        System.exit(0); // the client's threads may linger
    }

    private void run() throws InterruptedException, IOException {
        api.list(NAMESPACES, namespaces, number -> namespace(number, 1, true));
        api.list(SERVICES, services, this::service);
        api.list(PODS, pods, number -> pod(number, 1));
        Line.print("pods, services, namespaces", "%,d, %,d, %,d", pods, services, namespaces);
        measure("directory alone", counting((type, upserts, removals) -> List.of()), false);
        measure("with what xDS serves", counting(new MeshDirectory(new AddressAliases(new MeshResources()))), true);
    }

    private void measure(String what, ResourceSink sink, boolean changes) throws InterruptedException, IOException {
        Footprint before = Footprint.settled();
        ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
        Config config =
                new ConfigBuilder(Config.empty()).withMasterUrl(api.url()).build();
        try (KubernetesClient client =
                new KubernetesClientBuilder().withConfig(config).build()) {
            ClusterDirectory directory =
                    ClusterDirectory.builder(client, sink, executor).build();
            told.set(0);
            long begin = System.nanoTime();
            long cpu = PROCESS.getProcessCpuTime();
            directory.start().toCompletableFuture().join();
            Line.print(
                    what + ": until all is told",
                    "%.1f s, %.1f s of processor time with the API server's, %,d resources",
                    seconds(begin),
                    (PROCESS.getProcessCpuTime() - cpu) / NANOS_PER_MILLI / 1_000,
                    told.get());
            long held = Footprint.settled().since(before).heap();
            Line.print(what + ": heap held", "%,d MiB, %,d bytes a pod", held / MEBI, held / pods);
            if (changes) {
                while (api.watches(PODS) == 0 || api.watches(NAMESPACES) == 0) {
                    Thread.sleep(10);
                }
                changes();
                long again = Footprint.settled().since(before).heap();
                Line.print(
                        what + ": heap held after the changes", "%,d MiB, %,d bytes a pod", again / MEBI, again / pods);
            }
            directory.close();
        }
        executor.shutdown();
    }

    private void changes() throws InterruptedException {
        Histogram one = new Histogram(60_000_000_000L, 3);
        for (int i = 0; i < CHANGES; i++) {
            String changed = pod(i * 7 % pods, 2 + i);
            long begin = System.nanoTime();
            long from = told.get();
            api.event(PODS, "MODIFIED", changed);
            await(from + 1);
            one.recordValue(System.nanoTime() - begin);
        }
        Line.print(
                "one pod changes, until it is told",
                "p50 %.2f ms, p99 %.2f ms",
                one.getValueAtPercentile(50) / NANOS_PER_MILLI,
                one.getValueAtPercentile(99) / NANOS_PER_MILLI);
        long before = told.get();
        long begin = System.nanoTime();
        api.event(NAMESPACES, "MODIFIED", namespace(0, 2, false));
        long resources = pods / namespaces + services / namespaces;
        await(before + resources);
        Line.print(
                "a namespace loses its label, until told",
                "%.0f ms, %,d resources",
                millis(begin),
                told.get() - before);
        before = told.get();
        api.list(PODS, pods - 1, number -> pod(number, 1));
        begin = System.nanoTime();
        api.expire(PODS);
        await(before + 1);
        while (api.watches(PODS) == 0) {
            Thread.sleep(10);
        }
        Thread.sleep(1_000);
        Line.print(
                "a watch expires, and all is listed again",
                "%.1f s, %,d resources told",
                seconds(begin) - 1,
                told.get() - before);
    }

    private void await(long resources) throws InterruptedException {
        while (told.get() < resources) {
            Thread.sleep(0, 100_000);
        }
    }

    private ResourceSink counting(ResourceSink next) {
        return (type, upserts, removals) -> {
            var rejections = next.apply(type, upserts, removals);
            if (type.equals(TypeUrl.ADDRESS)) {
                told.addAndGet(upserts.size() + removals.size());
            }
            return rejections;
        };
    }

    private String namespace(int number, int version, boolean enrolled) {
        return """
                {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ns-%d", "resourceVersion": "%d", "labels": {"io.cilium/mtls-enabled": "%s"}}}""".formatted(number, version, enrolled);
    }

    private String service(int number) {
        return """
                {"metadata": {"name": "svc-%d", "namespace": "ns-%d", "uid": "%s", "resourceVersion": "1",
                  "annotations": {"ballast": "%s"}},
                 "spec": {"type": "ClusterIP", "clusterIP": "10.%d.%d.%d", "clusterIPs": ["10.%d.%d.%d", "fd00:1::%x"],
                  "ipFamilies": ["IPv4", "IPv6"], "selector": {"app": "app-%d"},
                  "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": "web"}]}}""".formatted(
                        number,
                        number % namespaces,
                        uid("5", number),
                        BALLAST.substring(2_500),
                        200,
                        number >> 8,
                        number & 255,
                        200,
                        number >> 8,
                        number & 255,
                        number,
                        number);
    }

    private String pod(int number, int version) {
        int app = number % services;
        return """
                {"apiVersion": "v1", "kind": "Pod",
                 "metadata": {"name": "app-%d-7d9c6bd4f8-%05d", "generateName": "app-%d-7d9c6bd4f8-", "namespace": "ns-%d",
                  "uid": "%s", "resourceVersion": "%d",
                  "labels": {"app": "app-%d", "version": "v%d", "pod-template-hash": "7d9c6bd4f8"},
                  "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "app-%d-7d9c6bd4f8",
                    "uid": "%s", "controller": true}],
                  "annotations": {"ballast": "%s"}},
                 "spec": {"serviceAccountName": "sa-%d", "nodeName": "node-%d",
                  "containers": [{"name": "main", "image": "registry.example/app:1",
                    "ports": [{"name": "web", "containerPort": 8080, "protocol": "TCP"}]}]},
                 "status": {"phase": "Running", "hostIP": "192.168.%d.%d", "podIP": "10.%d.%d.%d",
                  "podIPs": [{"ip": "10.%d.%d.%d"}, {"ip": "fd00::%x:%x"}],
                  "conditions": [{"type": "Ready", "status": "True"}]}}""".formatted(
                        app,
                        number,
                        app,
                        app % namespaces,
                        uid("1", number),
                        version,
                        app,
                        version,
                        app,
                        uid("2", app),
                        BALLAST,
                        app % 10,
                        number / 100,
                        (number / 100) >> 8,
                        (number / 100) & 255,
                        number >> 16,
                        (number >> 8) & 255,
                        number & 255,
                        number >> 16,
                        (number >> 8) & 255,
                        number & 255,
                        number >> 16,
                        number & 65_535);
    }

    private static String uid(String kind, int number) {
        return "%s0000000-0000-4000-8000-%012x".formatted(kind, number);
    }

    private static double seconds(long begin) {
        return millis(begin) / 1_000;
    }

    private static double millis(long begin) {
        return (System.nanoTime() - begin) / NANOS_PER_MILLI;
    }
}
