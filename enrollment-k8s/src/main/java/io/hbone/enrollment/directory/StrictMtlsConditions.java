package io.hbone.enrollment.directory;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.hbone.enrollment.Retries;
import io.hbone.enrollment.kubernetes.ClusterWatch;
import io.hbone.enrollment.kubernetes.Patches;
import io.hbone.enrollment.kubernetes.WorkQueue;
import java.net.HttpURLConnection;
import java.time.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells at each StrictMtls whether it counts: it could be read, and no other is put before it for all that it is for. {@code kubectl wait
 * --for=condition=Accepted strictmtls --all -A}. What agents make of it says so; nothing is written that is there already. A cluster without the kind may get it later. One in a cluster does this.
 * Safe for use by any thread.
 *
 * <p>It may read the CustomResourceDefinition of the kind by its name, and the kind; list and watch of each; and patch its status.
 */
public final class StrictMtlsConditions implements AutoCloseable {
    private static final Logger logger = LoggerFactory.getLogger(StrictMtlsConditions.class);

    private final Object lock = new Object();
    private final Table<StrictMtlsStanding> standings = new Table<>(); // guarded by lock
    private final ClusterWatch definitions = new ClusterWatch();
    private final OptionalKind kind;
    private final OptionalKinds kinds;
    private final WorkQueue<Name> queue;
    private final Writer writer;
    private final BooleanSupplier leading;
    private final Clock clock;

    /** Of an object. */
    record Name(String namespace, String name) {
        @Override
        public String toString() {
            return namespace + '/' + name;
        }
    }

    /** At one moment. */
    private record Known(
            StrictMtlsStanding standing, @Nullable StrictFacts overruling) {}

    /** Writes at an object how it stands. */
    interface Writer {
        /** @throws KubernetesClientException when it was refused, with the code, or not answered */
        void write(Name object, AcceptedCondition condition);
    }

    /**
     * Nothing is asked before it is started.
     *
     * @param client of the cluster; stays the caller's
     * @param leading whether it may write
     * @param executor does one task at a time, and may be blocked by the API server; stays the caller's
     * @param retries the waits after failures
     */
    public StrictMtlsConditions(
            KubernetesClient client,
            BooleanSupplier leading,
            ScheduledExecutorService executor,
            Retries retries,
            Clock clock,
            RandomGenerator random) {
        this(
                client,
                (object, condition) -> patch(client, object, condition),
                leading,
                executor,
                retries,
                clock,
                random);
    }

    StrictMtlsConditions(
            KubernetesClient client,
            Writer writer,
            BooleanSupplier leading,
            ScheduledExecutorService executor,
            Retries retries,
            Clock clock,
            RandomGenerator random) {
        this.writer = writer;
        this.leading = leading;
        this.clock = clock;
        queue = WorkQueue.builder("StrictMtls status", executor, this::handle)
                .retries(retries)
                .random(random)
                .batch(20)
                .troubled(failure ->
                        logger.warn("StrictMtls are not told how they stand for now: {}", failure.getMessage()))
                .build();
        standings.listen((namespace, name, before, now) -> {
            if (before == null || now == null || !before.said().equals(now.said())) {
                // Others may be overruled by it, or not any more.
                standings.in(namespace).keySet().forEach(each -> queue.add(new Name(namespace, each)));
            } else {
                queue.add(new Name(namespace, name));
            }
        });
        kind = new OptionalKind(
                client, OptionalKinds.STRICT_MTLS, new Items<>(lock, standings, StrictMtlsStanding::of));
        kinds = new OptionalKinds(client, definitions, List.of(kind), executor);
    }

    /** Begins to watch, however long the API server is away. Call it once. */
    public void start() {
        definitions.start().thenCompose(known -> kinds.begin()).exceptionally(failure -> {
            logger.debug("StrictMtls are not watched", failure);
            return null;
        });
    }

    private Set<Name> handle(List<Name> names) {
        if (leading.getAsBoolean() && !kind.isLive()) {
            return Set.copyOf(names); // one that overrules them, or does no more, may not be known yet
        }
        Set<Name> failed = new HashSet<>();
        for (Name name : names) {
            Known known = known(name);
            if (known == null || !leading.getAsBoolean()) {
                continue;
            }
            StrictMtlsStanding standing = known.standing();
            AcceptedCondition wanted = standing.wanted(known.overruling(), clock.instant());
            if (wanted.equals(standing.told())) {
                continue;
            }
            try {
                writer.write(name, wanted);
            } catch (KubernetesClientException e) {
                if (e.getCode() == 0 || e.getCode() >= HttpURLConnection.HTTP_INTERNAL_ERROR) {
                    throw e;
                }
                if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
                    logger.warn("the status of StrictMtls {} could not be written: {}", name, e.getMessage());
                    failed.add(name);
                } // else it has gone, or its definition is one without a status
            }
        }
        return failed;
    }

    private @Nullable Known known(Name name) {
        synchronized (lock) {
            StrictMtlsStanding standing = standings.get(name.namespace(), name.name());
            return standing == null
                    ? null
                    : new Known(
                            standing,
                            Strictness.overruling(
                                    standing.said(),
                                    standings.in(name.namespace()).values().stream()
                                            .map(StrictMtlsStanding::said)
                                            .toList()));
        }
    }

    /** Server-side apply: conditions of others stay theirs, which a merge of this kind's lists could not do. */
    private static void patch(KubernetesClient client, Name object, AcceptedCondition condition) {
        OptionalKind.Definition kind = OptionalKinds.STRICT_MTLS;
        String version = kind.group() + '/' + kind.versions().get(0);
        Patches.send(
                client,
                "/apis/" + version + "/namespaces/" + object.namespace() + '/' + kind.plural() + '/' + object.name()
                        + "/status?fieldManager=hbone-operator&force=true",
                PatchType.SERVER_SIDE_APPLY,
                Map.of(
                        "apiVersion", version,
                        "kind", kind.kind(),
                        "metadata", Map.of("name", object.name(), "namespace", object.namespace()),
                        "status", Map.of("conditions", List.of(condition.fields()))));
    }

    /** Tells nothing more. What was told stays. */
    @Override
    public void close() {
        queue.close();
        definitions.close();
        kinds.close();
    }
}
