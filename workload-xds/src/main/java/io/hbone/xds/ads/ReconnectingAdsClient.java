package io.hbone.xds.ads;

import io.grpc.Status.Code;
import io.hbone.xds.proto.discovery.DeltaDiscoveryRequest;
import io.hbone.xds.proto.discovery.DeltaDiscoveryResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One stream after the other, and between them a pause. Everything private is the executor's. */
final class ReconnectingAdsClient implements AdsClient {
    private static final Logger LOG = LoggerFactory.getLogger(AdsClient.class);

    private final AdsTransport transport;
    private final NodeInfo node;
    private final AdsSettings settings;
    private final AdsObserver observer;
    private final ScheduledExecutorService executor;
    private final @Nullable ExecutorService ownExecutor;
    private final LongSupplier nanoTime;
    private final Backoff backoff;
    private final Map<String, TypeClient> types = new LinkedHashMap<>();
    private final CompletableFuture<Void> ready = new CompletableFuture<>();

    private @Nullable OpenStream current;
    /** The end of a pause; null when there is none. */
    private @Nullable Future<?> retry;

    private boolean closed;
    private volatile Status status;

    ReconnectingAdsClient(Builder builder, ScheduledExecutorService executor, @Nullable ExecutorService ownExecutor) {
        transport = builder.transport;
        node = builder.node;
        settings = builder.settings;
        observer = builder.observer;
        nanoTime = builder.nanoTime;
        backoff = new Backoff(settings.firstBackoff(), settings.maxBackoff(), builder.random);
        this.executor = executor;
        this.ownExecutor = ownExecutor;
        builder.types.forEach((type, wanted) ->
                types.put(type, new TypeClient(type, wanted.sink(), wanted.onDemand(), settings, observer, executor)));
        status = new Status(false, 0, "", Map.of());
    }

    void start() {
        executor.execute(this::open);
    }

    @Override
    public CompletionStage<Void> ready() {
        return ready.minimalCompletionStage();
    }

    @Override
    public boolean isReady() {
        return ready.isDone();
    }

    @Override
    public Status status() {
        return status;
    }

    @Override
    public CompletionStage<Lookup> lookup(String typeUrl, String name) {
        CompletableFuture<Lookup> result = new CompletableFuture<>();
        try {
            executor.execute(() -> {
                TypeClient type = types.get(typeUrl);
                if (type == null || closed) {
                    result.complete(Lookup.ABSENT);
                } else {
                    type.lookup(name, result, current == null ? null : current.stream);
                }
            });
        } catch (RejectedExecutionException e) {
            result.complete(Lookup.ABSENT); // closed
        }
        return result.minimalCompletionStage();
    }

    @Override
    public void retryNow() {
        try {
            executor.execute(() -> {
                backoff.reset(); // also for a stream that is being opened: the server may have come after its attempt
                if (retry != null) {
                    retry.cancel(false);
                    open();
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.trace("closed before", e);
        }
    }

    @Override
    public void close() {
        try {
            executor.execute(() -> {
                if (closed) {
                    return;
                }
                closed = true;
                types.values().forEach(TypeClient::close);
                if (current != null) {
                    current.end("the client is closed");
                    current = null;
                }
                transport.close();
                if (ownExecutor != null) {
                    ownExecutor.shutdown();
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.trace("closed before", e);
        }
    }

    private void open() {
        retry = null;
        if (closed) {
            return;
        }
        OpenStream opened = new OpenStream();
        current = opened;
        status = new Status(false, status.streams() + 1, status.lastError(), status.types());
        opened.stream = transport.open(opened);
        boolean first = true;
        for (TypeClient type : types.values()) {
            DeltaDiscoveryRequest.Builder request = type.firstRequest();
            if (first) {
                request.setNode(node.toNode());
                first = false;
            }
            opened.stream.send(request.build());
        }
        opened.stream.request();
    }

    private void closed(OpenStream ended, io.grpc.Status why) {
        if (ended != current || closed) {
            return;
        }
        current = null;
        ended.end("ended");
        types.values().forEach(TypeClient::streamEnded);
        if (nanoTime.getAsLong() - ended.opened >= settings.stableAfter().toNanos()) {
            backoff.reset();
        }
        long pause = backoff.nextNanos();
        String text = describe(why);
        boolean normal = ended.answered && isNormal(why);
        if (normal) {
            LOG.debug("xDS stream ended: {}; next in {} ms", text, TimeUnit.NANOSECONDS.toMillis(pause));
        } else {
            LOG.warn("xDS stream failed: {}; next in {} ms", text, TimeUnit.NANOSECONDS.toMillis(pause));
        }
        publish(false, text);
        observer.disconnected(why, Duration.ofNanos(pause));
        retry = executor.schedule(this::open, pause, TimeUnit.NANOSECONDS);
    }

    /** Servers end streams when a connection is old, and all of them when they are replaced (spec/ztunnel.md 7.4). */
    private static boolean isNormal(io.grpc.Status why) {
        Code code = why.getCode();
        return why.isOk()
                || code == Code.UNKNOWN
                || code == Code.CANCELLED
                || code == Code.DEADLINE_EXCEEDED
                || code == Code.UNAVAILABLE;
    }

    private static String describe(io.grpc.Status why) {
        String text = why.isOk() ? "the server ended it" : why.getCode() + ": " + why.getDescription();
        Throwable cause = why.getCause();
        return cause == null ? text : text + " (" + cause + ")";
    }

    private void publish(boolean connected, String lastError) {
        Map<String, OfType> ofTypes = new LinkedHashMap<>();
        types.forEach((type, client) -> ofTypes.put(type, client.status()));
        status = new Status(connected, status.streams(), lastError, ofTypes);
    }

    private void received(OpenStream from, DeltaDiscoveryResponse response) {
        if (from != current || closed) {
            return;
        }
        from.answered = true;
        observer.received(response.getTypeUrl(), response.getSerializedSize());
        TypeClient type = types.get(response.getTypeUrl());
        if (type == null) {
            LOG.warn("xDS server sent type {} (expected: one of {})", response.getTypeUrl(), types.keySet());
            from.stream.send(TypeClient.answer(
                    response, "type " + response.getTypeUrl() + " (expected: one of " + types.keySet() + ")"));
        } else {
            type.take(response, from.stream);
        }
        from.stream.request();
        from.heard(types.values().stream().allMatch(TypeClient::isAnsweredOnStream));
        publish(true, status.lastError());
        if (!ready.isDone() && types.values().stream().allMatch(TypeClient::isReady)) {
            LOG.info("xDS is synchronised: {}", status.types());
            ready.complete(null);
        }
    }

    /** One stream; brings what its transport tells to the client's thread. */
    private final class OpenStream implements AdsTransport.Listener {
        final long opened = nanoTime.getAsLong();
        private Future<?> deadline = newDeadline();
        AdsTransport.Stream stream = NO_STREAM;
        boolean answered;

        @Override
        public void onResponse(DeltaDiscoveryResponse response) {
            run(() -> received(this, response));
        }

        @Override
        public void onClosed(io.grpc.Status why) {
            run(() -> closed(this, why));
        }

        private void run(Runnable task) {
            try {
                executor.execute(task);
            } catch (RejectedExecutionException e) {
                LOG.trace("came after the end", e);
            }
        }

        private Future<?> newDeadline() {
            return executor.schedule(this::silent, settings.firstAnswer().toNanos(), TimeUnit.NANOSECONDS);
        }

        /** It is not silent: a large answer of a busy server may take longer than any deadline for the whole of it. */
        void heard(boolean inFull) {
            deadline.cancel(false);
            if (!inFull) {
                deadline = newDeadline();
            }
        }

        private void silent() {
            stream.cancel("no answer");
            closed(
                    this,
                    io.grpc.Status.DEADLINE_EXCEEDED.withDescription(
                            "the server did not answer every type within " + settings.firstAnswer()));
        }

        void end(String why) {
            deadline.cancel(false);
            stream.cancel(why);
        }
    }

    private static final AdsTransport.Stream NO_STREAM = new AdsTransport.Stream() {
        @Override
        public void send(DeltaDiscoveryRequest request) {}

        @Override
        public void request() {}

        @Override
        public void cancel(String why) {}
    };
}
