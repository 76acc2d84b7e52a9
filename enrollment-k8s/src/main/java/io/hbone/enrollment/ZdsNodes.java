package io.hbone.enrollment;

import io.hbone.zds.NetworkNamespace;
import io.hbone.zds.WorkloadStatus;
import io.hbone.zds.ZdsServer;
import io.hbone.zds.ZdsWorkload;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Nodes that are told by ZDS. */
final class ZdsNodes implements Nodes {
    private final Map<String, WorkloadStatus> statuses = new ConcurrentHashMap<>();
    private final ZdsServer server;
    private volatile int connected;

    ZdsNodes(Path socket, Listener listener) throws IOException {
        server = ZdsServer.builder(socket)
                .listener(new ZdsServer.Listener() {
                    @Override
                    public void workloadChanged(WorkloadStatus status) {
                        statuses.put(status.workload().uid(), status);
                        listener.workloadChanged(status.workload().uid());
                    }

                    @Override
                    public void nodesChanged(int now) {
                        connected = now;
                        listener.nodesChanged(now);
                    }
                })
                .start();
    }

    @Override
    public void hand(ZdsWorkload workload, NetworkNamespace namespace, Runnable served) {
        server.enroll(workload, namespace).thenRun(served);
    }

    @Override
    public CompletionStage<Void> withdraw(String uid) {
        return server.withdraw(uid).thenRun(() -> statuses.remove(uid));
    }

    @Override
    public void seeded() {
        server.seeded();
    }

    @Override
    public int connected() {
        return connected;
    }

    @Override
    public @Nullable WorkloadStatus status(String uid) {
        return statuses.get(uid);
    }

    @Override
    public void close() {
        server.close();
    }
}
