package io.hbone.xds.ads;

import io.hbone.xds.ResourceSink;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Keeps resources as a server has them. What is held stays when the stream ends; another one is opened, until {@link #close}.
 * Safe for use by any thread.
 */
public interface AdsClient extends AutoCloseable {

    /** A builder of a client. @param transport is closed with the client */
    static Builder builder(AdsTransport transport) {
        return new Builder(transport);
    }

    /**
     * Done when the first full answer of each type has been taken; types on demand do not count. Resources that were rejected do
     * not keep it from being done. It is never failed: a server may come at any time.
     */
    CompletionStage<Void> ready();

    /** Whether {@link #ready} is done. */
    boolean isReady();

    /**
     * Asks for a resource on demand, by its name or an alias of it such as {@code network/ip}.
     *
     * @return done on the client's thread when readers of the sink can see the resource, or it is known not to exist, or the bound
     *     of {@link AdsSettings#lookup} is over; never failed. Of a type that is not on demand everything is known at once
     */
    CompletionStage<Lookup> lookup(String typeUrl, String name);

    /**
     * Opens the next stream at once if this is a pause between two, and lets the next pauses begin with the shortest: for who has a
     * reason to believe that the server is back. A stream that is open or being opened is left alone.
     */
    void retryNow();

    /** How things stand. */
    Status status();

    /** Ends the stream and opens no other. What was delivered stays with the sinks. */
    @Override
    void close();

    /**
     * How things stand with a server.
     *
     * @param connected whether the server has answered on the stream of now
     * @param streams how many streams have been opened
     * @param lastError why the last stream ended; empty when none has
     * @param types by type URL
     */
    record Status(boolean connected, long streams, String lastError, Map<String, OfType> types) {
        public Status {
            types = Map.copyOf(types);
        }
    }

    /**
     * How things stand with one type.
     *
     * @param held how many resources were taken and are there
     * @param rejections what the last response with rejections had rejected, as the server was told; empty for none
     * @param responses how many came
     * @param rejected how many of them were not taken as a whole
     */
    record OfType(int held, List<String> rejections, long responses, long rejected) {
        public OfType {
            rejections = List.copyOf(rejections);
        }
    }

    /** Builds and starts an {@link AdsClient}. */
    final class Builder {
        final AdsTransport transport;
        final Map<String, Wanted> types = new LinkedHashMap<>();
        NodeInfo node = NodeInfo.UNKNOWN;
        AdsSettings settings = AdsSettings.DEFAULT;
        AdsObserver observer = AdsObserver.NONE;
        RandomGenerator random = new Random();
        LongSupplier nanoTime = System::nanoTime;

        @Nullable ScheduledExecutorService executor;

        /** A type, where it goes, and whether all of it is wanted. */
        record Wanted(ResourceSink sink, boolean onDemand) {}

        private Builder(AdsTransport transport) {
            this.transport = Objects.requireNonNull(transport, "transport");
        }

        /** Wants all resources of a type. Types are asked for in the order of these calls. */
        public Builder all(String typeUrl, ResourceSink sink) {
            types.put(typeUrl, new Wanted(sink, false));
            return this;
        }

        /** Wants those resources of a type that are asked for by {@link #lookup}. */
        public Builder onDemand(String typeUrl, ResourceSink sink) {
            types.put(typeUrl, new Wanted(sink, true));
            return this;
        }

        /** Who asks. */
        public Builder node(NodeInfo value) {
            node = Objects.requireNonNull(value, "node");
            return this;
        }

        public Builder settings(AdsSettings value) {
            settings = Objects.requireNonNull(value, "settings");
            return this;
        }

        public Builder observer(AdsObserver value) {
            observer = Objects.requireNonNull(value, "observer");
            return this;
        }

        /** For the jitter of pauses. */
        public Builder random(RandomGenerator value) {
            random = Objects.requireNonNull(value, "random");
            return this;
        }

        /**
         * What the client runs on; it must run one task after the other, and stays the caller's. A thread of its own if not said.
         *
         * @param clock nanoseconds that only ever grow, of the executor's time
         */
        public Builder executor(ScheduledExecutorService value, LongSupplier clock) {
            executor = Objects.requireNonNull(value, "executor");
            nanoTime = Objects.requireNonNull(clock, "clock");
            return this;
        }

        /** Opens the first stream. */
        public AdsClient start() {
            if (types.isEmpty()) {
                throw new IllegalStateException("types: none (expected: all() or onDemand() called)");
            }
            ScheduledThreadPoolExecutor own = null;
            if (executor == null) {
                own = new ScheduledThreadPoolExecutor(1, task -> {
                    Thread thread = new Thread(task, "xds-client");
                    thread.setDaemon(true);
                    return thread;
                });
                own.setRemoveOnCancelPolicy(true);
                own.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
            }
            ReconnectingAdsClient client =
                    new ReconnectingAdsClient(this, own != null ? own : Objects.requireNonNull(executor), own);
            client.start();
            return client;
        }
    }
}
