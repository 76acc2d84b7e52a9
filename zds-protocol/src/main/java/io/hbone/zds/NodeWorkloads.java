package io.hbone.zds;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's side of the protocol without its sockets (spec/ztunnel.md 8.3): which workloads there are, what a request does to them,
 * and whether the node is ready. What the original takes for a reason to exit is answered with an error here. Touched by the loop
 * only, but for what says otherwise.
 */
final class NodeWorkloads {
    private static final Logger logger = LoggerFactory.getLogger(NodeWorkloads.class);

    private final Map<String, NodeWorkload> workloads = new ConcurrentHashMap<>();
    private final Set<String> named = new HashSet<>();
    private final WorkloadHandler handler;
    private final Loop loop;
    private final Duration answerWithin;
    private final Duration retryAfter;
    private boolean snapshotComplete;
    private boolean ended;
    private volatile boolean ready;

    /**
     * @param answerWithin after this, what still goes on is answered with an error; it goes on
     * @param retryAfter how long after a failed start comes the next one
     */
    NodeWorkloads(WorkloadHandler handler, Loop loop, Duration answerWithin, Duration retryAfter) {
        this.handler = handler;
        this.loop = loop;
        this.answerWithin = answerWithin;
        this.retryAfter = retryAfter;
    }

    /** Any thread. */
    boolean ready() {
        return ready;
    }

    /** Any thread. */
    List<WorkloadStatus> statuses() {
        return workloads.values().stream().map(NodeWorkload::status).toList();
    }

    /** A new snapshot begins. Whatever runs goes on; what could not be started will be named again, or is not wanted any more. */
    void connected() {
        named.clear();
        snapshotComplete = false;
        workloads.values().removeIf(workload -> {
            boolean pending = workload.status().state() == WorkloadStatus.State.FAILED;
            if (pending) {
                workload.stop();
            }
            return pending;
        });
        changed();
        handler.agentConnected();
    }

    void disconnected() {
        snapshotComplete = false;
        changed();
    }

    /** Nobody will be told anything any more; whatever runs is the handler's alone. */
    void end() {
        ended = true;
        workloads.values().forEach(NodeWorkload::abandon);
        workloads.clear();
        snapshotComplete = false;
        changed();
    }

    /** @return completes within the deadline; exceptionally with a message for the agent */
    CompletableFuture<Void> handle(ZdsRequest request) {
        if (ended) {
            if (request instanceof ZdsRequest.Add add) {
                add.namespace().close();
            }
            return refusal("the node is closing");
        }
        if (request instanceof ZdsRequest.Add add) {
            return add(add.workload(), add.namespace());
        } else if (request instanceof ZdsRequest.Delete delete) {
            return delete(delete.uid());
        } else if (request instanceof ZdsRequest.Keep keep) {
            return keep(keep.uid());
        }
        return snapshotSent();
    }

    private CompletableFuture<Void> add(ZdsWorkload workload, NetworkNamespace namespace) {
        String uid = workload.uid();
        named.add(uid);
        NodeWorkload there = workloads.get(uid);
        if (there != null && there.serves(namespace)) {
            namespace.close();
            CompletableFuture<Void> started = there.started();
            changed();
            return withinDeadline(started, there);
        }
        CompletableFuture<Void> before = there == null ? done() : there.stop();
        NodeWorkload added = new NodeWorkload(workload, namespace, handler, loop, retryAfter, this::changed);
        workloads.put(uid, added);
        CompletableFuture<Void> started = added.started();
        added.startAfter(before);
        changed();
        return withinDeadline(started, added);
    }

    private CompletableFuture<Void> keep(String uid) {
        if (snapshotComplete) {
            return refusal("a KeepWorkload of " + uid + " after SnapshotSent (expected: before it)");
        }
        named.add(uid);
        return done();
    }

    private CompletableFuture<Void> delete(String uid) {
        named.remove(uid);
        NodeWorkload there = workloads.get(uid);
        if (there == null || (!snapshotComplete && there.isRunning())) {
            return done(); // a running one goes with the snapshot, unless that names it again
        }
        return withinDeadline(stop(uid, there), there);
    }

    private CompletableFuture<Void> snapshotSent() {
        if (snapshotComplete) {
            return refusal("a second SnapshotSent (expected: one for each connection)");
        }
        List<CompletableFuture<Void>> stops = new ArrayList<>();
        Map.copyOf(workloads).forEach((uid, workload) -> {
            if (!named.contains(uid)) {
                logger.info(
                        "{} is gone from the agent's snapshot",
                        workload.status().workload());
                stops.add(stop(uid, workload));
            }
        });
        named.clear();
        snapshotComplete = true;
        changed();
        return withinDeadline(CompletableFuture.allOf(stops.toArray(new CompletableFuture<?>[0])), null);
    }

    private CompletableFuture<Void> stop(String uid, NodeWorkload workload) {
        CompletableFuture<Void> stopped = workload.stop();
        changed();
        return stopped.whenComplete((done, failure) -> {
            workloads.remove(uid, workload);
            changed();
        });
    }

    private CompletableFuture<Void> withinDeadline(CompletableFuture<Void> work, @Nullable NodeWorkload workload) {
        CompletableFuture<Void> answer = new CompletableFuture<>();
        if (!work.isDone()) {
            Future<?> deadline = loop.after(answerWithin, () -> {
                if (workload != null) {
                    workload.late();
                    changed();
                }
                answer.completeExceptionally(new ZdsException("not done after " + answerWithin + "; it goes on"));
            });
            work.whenComplete((done, failure) -> deadline.cancel(false));
        }
        work.whenComplete((done, failure) -> {
            if (failure == null) {
                answer.complete(null);
            } else {
                answer.completeExceptionally(failure);
            }
        });
        return answer;
    }

    private void changed() {
        boolean now = snapshotComplete && workloads.values().stream().noneMatch(NodeWorkload::isOverdue);
        if (now != ready) {
            ready = now;
            logger.info(now ? "all workloads of the agent are served" : "not all workloads of the agent are served");
            handler.readinessChanged(now);
        }
    }

    private static CompletableFuture<Void> done() {
        return CompletableFuture.completedFuture(null);
    }

    private static CompletableFuture<Void> refusal(String why) {
        return CompletableFuture.failedFuture(new ZdsException(why));
    }
}
