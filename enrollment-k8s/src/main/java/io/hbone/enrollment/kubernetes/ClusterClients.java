package io.hbone.enrollment.kubernetes;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Clients of an API server as reconcilers need them: one that cannot be reached is told of soon, for they try again themselves. */
public final class ClusterClients {
    /** Well below the time for which a lease is held: who cannot renew it must know before another may take it. */
    private static final Duration TIMEOUT = Duration.ofSeconds(8);

    private ClusterClients() {}

    /**
     * A client. Nothing is asked before it is used.
     *
     * @param kubeconfig which cluster, and as whom; null is what a pod finds in its cluster, else {@code $KUBECONFIG}
     * @return the caller closes it
     * @throws IOException when the file cannot be read
     */
    public static KubernetesClient open(@Nullable Path kubeconfig) throws IOException {
        if (kubeconfig != null && !Files.isReadable(kubeconfig)) {
            throw new IOException("kubeconfig: " + kubeconfig + " (expected: a file that can be read)");
        }
        Config found = kubeconfig == null ? Config.autoConfigure(null) : Config.fromKubeconfig(kubeconfig.toFile());
        Config config = new ConfigBuilder(found)
                .withRequestTimeout((int) TIMEOUT.toMillis())
                .withConnectionTimeout((int) TIMEOUT.toMillis() / 2)
                .withRequestRetryBackoffLimit(0)
                .withUserAgent("hbone")
                .build();
        return open(config);
    }

    /**
     * A client whose watches go without WebSocket, as those of other programs do, and say at once that they are under way: of a WebSocket
     * that is refused with 410 the client never learns that it must list anew. Nothing is asked before it is used.
     *
     * @return the caller closes it
     */
    public static KubernetesClient open(Config config) {
        return new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder(config).withOnlyHttpWatches(true).build())
                .withHttpClientBuilderConsumer(
                        http -> http.addOrReplaceInterceptor(WatchAnswers.class.getName(), new WatchAnswers()))
                .build();
    }
}
