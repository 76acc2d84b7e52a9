package io.hbone.zds;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A node that serves whatever it is given, unless it is told otherwise, and writes down what it is told. */
final class RecordingHandler implements WorkloadHandler {
    final LinkedBlockingQueue<String> events = new LinkedBlockingQueue<>();
    final AtomicInteger connections = new AtomicInteger();
    final Map<String, NetworkNamespace> served = new ConcurrentHashMap<>();
    final Set<String> failing = ConcurrentHashMap.newKeySet();
    final Map<String, CompletableFuture<Void>> held = new ConcurrentHashMap<>();

    @Override
    public CompletionStage<?> start(ZdsWorkload workload, NetworkNamespace namespace) {
        String uid = workload.uid();
        events.add("start " + uid);
        if (failing.contains(uid)) {
            return CompletableFuture.failedFuture(new IllegalStateException("port 15001 is taken"));
        }
        return held.getOrDefault(uid, CompletableFuture.completedFuture(null))
                .thenRun(() -> served.put(uid, namespace));
    }

    @Override
    public CompletionStage<?> stop(ZdsWorkload workload) {
        events.add("stop " + workload.uid());
        served.remove(workload.uid()).close();
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public void agentConnected() {
        connections.incrementAndGet();
    }

    @Override
    public void readinessChanged(boolean ready) {
        events.add(ready ? "ready" : "not ready");
    }

    String next() throws InterruptedException {
        String event = events.poll(10, TimeUnit.SECONDS);
        return event == null ? "nothing" : event;
    }

    void closeServed() {
        served.values().forEach(NetworkNamespace::close);
    }
}
