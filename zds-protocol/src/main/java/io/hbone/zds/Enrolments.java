package io.hbone.zds;

import io.hbone.zds.WorkloadStatus.State;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the agent wants of each workload, and what the node is told next so that it comes about. There is never more than one
 * message about a workload under way, and the next one is made from what is wanted then: so a node sees the changes of one workload
 * in order, and the ones that have been overtaken not at all. Touched by the loop only, but for what says otherwise.
 */
final class Enrolments {
    private static final Logger logger = LoggerFactory.getLogger(Enrolments.class);
    private static final String CLOSED = "the server is closed";

    private final Map<String, Enrolment> all = new ConcurrentHashMap<>();
    private final Set<String> due = new LinkedHashSet<>();
    private final Loop loop;
    private final ZdsServer.Listener listener;
    private final Duration firstRetry;
    private final Duration longestRetry;
    private @Nullable NodeLink active;
    private boolean seeded;
    private boolean closed;

    Enrolments(Loop loop, ZdsServer.Listener listener, Duration firstRetry, Duration longestRetry) {
        this.loop = loop;
        this.listener = listener;
        this.firstRetry = firstRetry;
        this.longestRetry = longestRetry;
    }

    /** Any thread. */
    List<WorkloadStatus> statuses() {
        return all.values().stream().map(Enrolment::status).toList();
    }

    /** From now on a snapshot may be sent. */
    void seeded() {
        seeded = true;
        pump();
    }

    /** @param namespace is taken over */
    CompletableFuture<Void> enroll(ZdsWorkload workload, NetworkNamespace namespace) {
        if (closed) {
            namespace.close();
            return CompletableFuture.failedFuture(new CancellationException(CLOSED));
        }
        Enrolment there = all.get(workload.uid());
        if (there != null && there.isSame(workload, namespace)) {
            namespace.close();
            return there.done();
        }
        return want(there, workload, namespace).done();
    }

    CompletableFuture<Void> withdraw(String uid) {
        if (closed) {
            return CompletableFuture.failedFuture(new CancellationException(CLOSED));
        }
        Enrolment there = all.get(uid);
        if (there == null) {
            return CompletableFuture.completedFuture(null);
        }
        if (!there.isWanted()) {
            return there.done();
        }
        if (active == null || !(active.isSnapshotSent() || active.told().contains(uid))) {
            // It will not be in the snapshot, and that is all that a node is told of it.
            all.remove(uid);
            due.remove(uid);
            there.end("was withdrawn");
            return CompletableFuture.completedFuture(null);
        }
        return want(there, there.workload(), null).done();
    }

    private Enrolment want(@Nullable Enrolment before, ZdsWorkload workload, @Nullable NetworkNamespace namespace) {
        Enrolment wanted =
                new Enrolment(workload, namespace, new CompletableFuture<>(), new Backoff(firstRetry, longestRetry));
        all.put(workload.uid(), wanted);
        if (before != null) {
            before.end(namespace == null ? "was withdrawn" : "was enrolled anew");
        }
        due.add(workload.uid());
        listener.workloadChanged(wanted.status());
        pump();
        return wanted;
    }

    /** Everything is told to this node from now on, from the beginning. */
    void activate(NodeLink link) {
        deactivate();
        active = link;
        due.addAll(all.keySet());
        pump();
    }

    /** The node that was told is not there any more, or replaced. The next one's snapshot settles what was to go. */
    void deactivate() {
        active = null;
        due.clear();
        all.forEach((uid, enrolment) -> {
            boolean changed = enrolment.status().state() != State.PENDING;
            enrolment.restart();
            if (!enrolment.isWanted()) {
                all.remove(uid);
                enrolment.confirmed();
            } else if (changed) {
                listener.workloadChanged(enrolment.status());
            }
        });
    }

    /** Goes on telling, if there is a node and it is free. */
    void pump() {
        while (active != null && seeded && active.session().isFree()) {
            if (!due.isEmpty()) {
                String uid = due.iterator().next();
                due.remove(uid);
                Enrolment next = all.get(uid);
                if (next != null) {
                    send(active, next);
                }
            } else if (!active.isSnapshotSent()) {
                sendSnapshotSent(active);
            } else {
                return;
            }
        }
    }

    private void send(NodeLink link, Enrolment enrolment) {
        ZdsWorkload workload = enrolment.workload();
        NetworkNamespace namespace = enrolment.namespace();
        try {
            if (namespace == null) {
                link.session().send(ZdsCodec.delete(workload.uid()), null, error -> answered(link, enrolment, error));
            } else {
                link.told().add(workload.uid());
                link.session()
                        .send(
                                ZdsCodec.add(workload),
                                namespace.descriptor(),
                                error -> answered(link, enrolment, error));
            }
        } catch (IOException e) {
            failed(enrolment, NodeWorkload.text(e));
        }
    }

    private void sendSnapshotSent(NodeLink link) {
        link.snapshotSent();
        try {
            link.session().send(ZdsCodec.snapshotSent(), null, error -> {
                if (error.isEmpty()) {
                    logger.info("{} has the snapshot of {} workloads", link.session(), all.size());
                } else {
                    logger.warn("{} did not take the end of the snapshot: {}", link.session(), error);
                }
            });
        } catch (IOException e) {
            link.session().end(NodeWorkload.text(e));
        }
    }

    private void answered(NodeLink link, Enrolment enrolment, String error) {
        String uid = enrolment.workload().uid();
        if (link == active && enrolment == all.get(uid)) {
            if (!error.isEmpty()) {
                failed(enrolment, "the node answered: " + error);
            } else {
                if (!enrolment.isWanted()) {
                    link.told().remove(uid);
                    all.remove(uid);
                }
                enrolment.confirmed();
                listener.workloadChanged(enrolment.status());
            }
        }
    }

    private void failed(Enrolment enrolment, String why) {
        ZdsWorkload workload = enrolment.workload();
        enrolment.failed(why, loop, () -> {
            due.add(workload.uid());
            pump();
        });
        logger.warn("{} failed, it is tried again: {}", workload, why);
        listener.workloadChanged(enrolment.status());
    }

    /** Lets go of everything. */
    void close() {
        closed = true;
        active = null;
        due.clear();
        all.values().forEach(enrolment -> enrolment.end("is left as it is: " + CLOSED));
        all.clear();
    }
}
