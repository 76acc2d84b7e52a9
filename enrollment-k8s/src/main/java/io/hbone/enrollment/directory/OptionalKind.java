package io.hbone.enrollment.directory;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.hbone.enrollment.kubernetes.ClusterWatch;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A kind of objects that a cluster may have or not, and may get later: watched while it has it. Safe for use by any thread.
 */
final class OptionalKind implements AutoCloseable {
    private static final Logger logger = LoggerFactory.getLogger(OptionalKind.class);

    private final KubernetesClient client;
    private final Definition definition;
    private final Items<GenericKubernetesResource, ?> items;
    private volatile @Nullable ClusterWatch watch;
    private String version = ""; // guarded by this
    private boolean closed; // guarded by this

    /**
     * What the kind is called.
     *
     * @param versions that can be read, best first
     */
    record Definition(String group, String kind, String plural, List<String> versions, boolean namespaced) {
        /** Of its CustomResourceDefinition. */
        String name() {
            return plural + '.' + group;
        }
    }

    OptionalKind(KubernetesClient client, Definition definition, Items<GenericKubernetesResource, ?> items) {
        this.client = client;
        this.definition = definition;
        this.items = items;
    }

    Definition definition() {
        return definition;
    }

    String name() {
        return definition.name();
    }

    /**
     * The cluster serves it so from now on.
     *
     * @param served the version; null when it is not there, and then its objects are not either
     * @return completes when all its objects are known
     */
    synchronized CompletionStage<Void> served(@Nullable String served) {
        String next = served == null ? "" : served;
        if (closed || next.equals(version)) {
            return CompletableFuture.completedStage(null);
        }
        version = next;
        stop();
        if (next.isEmpty()) {
            logger.info("{}: not in this cluster any more", definition.name());
            items.clear();
            return CompletableFuture.completedStage(null);
        }
        logger.info("{}: watched in version {}", definition.name(), next);
        ClusterWatch opened = new ClusterWatch();
        ResourceDefinitionContext context = new ResourceDefinitionContext.Builder()
                .withGroup(definition.group())
                .withVersion(next)
                .withKind(definition.kind())
                .withPlural(definition.plural())
                .withNamespaced(definition.namespaced())
                .build();
        opened.watch(
                definition.namespaced()
                        ? client.genericKubernetesResources(context).inAnyNamespace()
                        : client.genericKubernetesResources(context),
                definition.name(),
                items);
        watch = opened;
        return opened.start();
    }

    boolean isThere() {
        return watch != null;
    }

    /** Whether news would come, which is so, too, when there is nothing to hear of. */
    boolean isLive() {
        ClusterWatch current = watch;
        return current == null || current.isLive();
    }

    /** For good. */
    @Override
    public synchronized void close() {
        closed = true;
        stop();
    }

    private void stop() {
        ClusterWatch current = watch;
        watch = null;
        if (current != null) {
            current.close();
        }
    }
}
