package io.hbone.xds.ads;

import com.google.protobuf.Any;
import com.google.rpc.Code;
import com.google.rpc.Status;
import io.hbone.xds.NamedResource;
import io.hbone.xds.Rejection;
import io.hbone.xds.ResourceSink;
import io.hbone.xds.proto.discovery.DeltaDiscoveryRequest;
import io.hbone.xds.proto.discovery.DeltaDiscoveryResponse;
import io.hbone.xds.proto.discovery.Resource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One type on the streams of a client: what is asked for, what is held, and what each response is answered. The client's thread. */
final class TypeClient {
    private static final Logger LOG = LoggerFactory.getLogger(AdsClient.class);
    private static final String EVERYTHING = "*";

    /** Our servers mark answers that are continued by the next one, so that nobody takes a part for the whole. */
    private static final String CONTINUED = ";more";

    private final String typeUrl;
    private final ResourceSink sink;
    private final boolean onDemand;
    private final AdsSettings settings;
    private final AdsObserver observer;
    private final ScheduledExecutorService executor;
    private final HeldResources held = new HeldResources();
    private final Lookups lookups;

    private AdsTransport.@Nullable Stream stream;
    private @Nullable Future<?> stale;
    private boolean answered;
    private boolean ready;
    private List<String> lastRejections = List.of();
    private long responses;
    private long rejected;

    TypeClient(
            String typeUrl,
            ResourceSink sink,
            boolean onDemand,
            AdsSettings settings,
            AdsObserver observer,
            ScheduledExecutorService executor) {
        this.typeUrl = typeUrl;
        this.sink = sink;
        this.onDemand = onDemand;
        this.settings = settings;
        this.observer = observer;
        this.executor = executor;
        lookups = new Lookups(settings.maxAbsent());
        ready = onDemand;
    }

    /** The first request of a new stream: what is wanted, and what is held already. */
    DeltaDiscoveryRequest.Builder firstRequest() {
        answered = onDemand;
        held.reconnected();
        DeltaDiscoveryRequest.Builder request =
                DeltaDiscoveryRequest.newBuilder().setTypeUrl(typeUrl).putAllInitialResourceVersions(held.versions());
        if (onDemand && lookups.subscribed().isEmpty()) {
            request.addResourceNamesSubscribe(EVERYTHING).addResourceNamesUnsubscribe(EVERYTHING);
        } else if (onDemand) {
            request.addAllResourceNamesSubscribe(lookups.subscribed());
        }
        return request;
    }

    boolean isAnsweredOnStream() {
        return answered;
    }

    boolean isReady() {
        return ready;
    }

    AdsClient.OfType status() {
        return new AdsClient.OfType(held.size(), lastRejections, responses, rejected);
    }

    /** Takes a response: the good ones of its resources whatever the bad ones are. */
    void take(DeltaDiscoveryResponse response, AdsTransport.Stream from) {
        stream = from;
        responses++;
        List<Rejection> rejections = new ArrayList<>();
        List<NamedResource> upserts = new ArrayList<>(response.getResourcesCount());
        for (Resource resource : response.getResourcesList()) {
            NamedResource named = named(resource, rejections);
            if (named != null) {
                upserts.add(named);
            }
        }
        List<String> removals = response.getRemovedResourcesList();
        upserts.forEach(held::seen);
        rejections.addAll(apply(upserts, removals));
        remember(upserts, removals, rejections);
        observer.applied(typeUrl, upserts.size(), removals.size(), rejections);
        answerTo(response, rejections, from);
        if (!response.getSystemVersionInfo().endsWith(CONTINUED)) {
            fullyAnswered();
        }
    }

    private @Nullable NamedResource named(Resource resource, List<Rejection> rejections) {
        Any body = resource.getResource();
        if (!resource.hasResource() || !body.getTypeUrl().equals(typeUrl)) {
            String found = resource.hasResource() ? "type " + body.getTypeUrl() : "no body";
            rejections.add(new Rejection(resource.getName(), found + " (expected: " + typeUrl + ")"));
            return null;
        }
        return new NamedResource(resource.getName(), resource.getVersion(), resource.getAliasesList(), body.getValue());
    }

    private List<Rejection> apply(List<NamedResource> upserts, List<String> removals) {
        try {
            return sink.apply(typeUrl, upserts, removals);
        } catch (RuntimeException e) {
            LOG.error("the store failed for {} resources of {}: a defect in hbone-java", upserts.size(), typeUrl, e);
            return upserts.stream()
                    .map(resource -> new Rejection(resource.name(), "internal error: " + e))
                    .toList();
        }
    }

    private void remember(List<NamedResource> upserts, List<String> removals, List<Rejection> rejections) {
        Set<String> bad = rejections.stream().map(Rejection::name).collect(Collectors.toSet());
        Set<String> sent = new HashSet<>();
        List<String> forgotten = new ArrayList<>();
        for (NamedResource resource : upserts) {
            if (!removals.isEmpty()) {
                sent.add(resource.name());
            }
            if (!bad.contains(resource.name())) {
                held.put(resource);
                lookups.found(resource.name());
                resource.aliases().forEach(lookups::found);
            } else {
                // what it was asked for will not come: nobody need wait for the end of the bound
                forgotten.addAll(lookups.absent(resource.name()));
                resource.aliases().forEach(alias -> forgotten.addAll(lookups.absent(alias)));
            }
        }
        for (String name : removals) {
            if (!sent.contains(name)) {
                held.remove(name);
                forgotten.addAll(lookups.absent(name));
            }
        }
        unsubscribe(forgotten);
    }

    private void answerTo(DeltaDiscoveryResponse response, List<Rejection> rejections, AdsTransport.Stream to) {
        if (rejections.isEmpty()) {
            to.send(answer(response, ""));
            return;
        }
        rejected++;
        lastRejections = rejections.stream().map(Rejection::toString).toList();
        LOG.warn("xDS resources of {} rejected, the others are taken: {}", typeUrl, lastRejections);
        to.send(answer(response, String.join("; ", lastRejections)));
    }

    /** An ACK, or a NACK when there is an {@code error}. */
    static DeltaDiscoveryRequest answer(DeltaDiscoveryResponse response, String error) {
        DeltaDiscoveryRequest.Builder answer = DeltaDiscoveryRequest.newBuilder()
                .setTypeUrl(response.getTypeUrl())
                .setResponseNonce(response.getNonce());
        if (!error.isEmpty()) {
            answer.setErrorDetail(
                    Status.newBuilder().setCode(Code.INVALID_ARGUMENT_VALUE).setMessage(error));
        }
        return answer.build();
    }

    private void fullyAnswered() {
        if (!answered && !onDemand) {
            stale = executor.schedule(this::removeStale, settings.staleAfter().toNanos(), TimeUnit.NANOSECONDS);
        }
        answered = true;
        ready = true;
    }

    /** Removes what the server of now does not have, though it was not asked what has become of it. */
    private void removeStale() {
        List<String> gone = held.takeStale();
        if (!gone.isEmpty()) {
            LOG.info("{} resources of {} are gone since the last xDS stream", gone.size(), typeUrl);
            apply(List.of(), gone);
            held.removeAll(gone);
            observer.applied(typeUrl, 0, gone.size(), List.of());
        }
    }

    void streamEnded() {
        stream = null;
        answered = onDemand;
        if (stale != null) {
            stale.cancel(false);
            stale = null;
        }
    }

    void close() {
        streamEnded();
        lookups.endAll();
    }

    void lookup(String name, CompletableFuture<Lookup> caller, AdsTransport.@Nullable Stream on) {
        if (held.has(name)) {
            caller.complete(Lookup.FOUND);
        } else if (!onDemand || lookups.isAbsent(name)) {
            caller.complete(Lookup.ABSENT);
        } else if (lookups.isWaitedFor(name)) {
            lookups.join(name, caller);
        } else if (lookups.pending() >= settings.maxPending()) {
            LOG.warn("xDS: {} names are waited for (expected: fewer); {} is not asked for", lookups.pending(), name);
            caller.complete(Lookup.TIMED_OUT);
        } else {
            Future<?> deadline =
                    executor.schedule(() -> timedOut(name), settings.lookup().toNanos(), TimeUnit.NANOSECONDS);
            if (lookups.begin(name, caller, deadline) && on != null) {
                on.send(DeltaDiscoveryRequest.newBuilder()
                        .setTypeUrl(typeUrl)
                        .addResourceNamesSubscribe(name)
                        .build());
            }
        }
    }

    private void timedOut(String name) {
        if (lookups.timedOut(name)) {
            unsubscribe(List.of(name));
        }
    }

    private void unsubscribe(List<String> names) {
        if (!names.isEmpty() && stream != null) {
            stream.send(DeltaDiscoveryRequest.newBuilder()
                    .setTypeUrl(typeUrl)
                    .addAllResourceNamesUnsubscribe(names)
                    .build());
        }
    }
}
