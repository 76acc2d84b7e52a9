package io.hbone.xds.server;

import io.grpc.Status;
import io.grpc.SynchronizationContext;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.ads.NodeInfo;
import io.hbone.xds.proto.discovery.DeltaDiscoveryRequest;
import io.hbone.xds.proto.discovery.DeltaDiscoveryResponse;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One client's stream. What comes from it, and what makes it go on, takes turns in one context. */
final class ClientStream implements StreamObserver<DeltaDiscoveryRequest> {
    private static final Logger LOG = LoggerFactory.getLogger(AdsServer.class);

    /** Policies before those whom they are for: a workload must not be there without its policy. */
    private static final String FIRST = TypeUrl.AUTHORIZATION;

    private final Service service;
    private final ServerCallStreamObserver<DeltaDiscoveryResponse> client;
    private final String address;
    private final Executor executor;
    private final SynchronizationContext context;
    private final AtomicBoolean woken = new AtomicBoolean();
    private final Map<String, OfType> types = new LinkedHashMap<>();

    private NodeInfo node = NodeInfo.UNKNOWN;
    private boolean over;
    private long lastNonce;
    private volatile ClientStatus status;
    private volatile Map<String, Long> positions = Map.of();

    /** What a stream shares with others. */
    record Service(
            MeshResources resources,
            ResourceFilter filter,
            int maxBytes,
            int maxNames,
            int maxUnanswered,
            StreamEnd end) {}

    /** Is told of streams that have moved on or ended. */
    interface StreamEnd {
        void moved(ClientStream stream);

        void ended(ClientStream stream);
    }

    ClientStream(
            Service service,
            ServerCallStreamObserver<DeltaDiscoveryResponse> client,
            String address,
            Executor executor) {
        this.service = service;
        this.client = client;
        this.address = address;
        this.executor = executor;
        context = new SynchronizationContext(
                (thread, failure) -> LOG.error("xDS stream of {} failed: a defect in hbone-java", address, failure));
        status = new ClientStatus(node, address, Map.of());
    }

    /** One type of the stream. */
    private static final class OfType {
        final Subscription subscription;
        final Set<String> unanswered = new LinkedHashSet<>();
        long acked;
        long nacked;
        String lastError = "";

        OfType(Subscription subscription) {
            this.subscription = subscription;
        }
    }

    /** Something has changed, or there is room again: goes on soon. From any thread. */
    void wake() {
        if (woken.compareAndSet(false, true)) {
            executor.execute(() -> context.execute(this::pump));
        }
    }

    @Override
    public void onNext(DeltaDiscoveryRequest request) {
        context.execute(() -> {
            if (!over) {
                take(request);
                client.request(1);
                pump();
            }
        });
    }

    private void take(DeltaDiscoveryRequest request) {
        if (request.hasNode()) {
            node = NodeInfo.of(request.getNode());
        }
        String typeUrl = request.getTypeUrl();
        OfType type = types.get(typeUrl);
        if (!request.getResponseNonce().isEmpty()) {
            answered(request, type);
        }
        if (type != null) {
            type.subscription.change(request);
        } else if (request.getResponseNonce().isEmpty()) {
            if (!typeUrl.equals(TypeUrl.ADDRESS) && !typeUrl.equals(TypeUrl.AUTHORIZATION)) {
                LOG.warn("xDS client {} asks for type {}, of which there is nothing here", name(), typeUrl);
                return;
            }
            type = new OfType(new Subscription(
                    typeUrl,
                    service.resources.table(typeUrl),
                    resource -> service.filter.sees(node, typeUrl, resource),
                    service.maxBytes,
                    service.maxNames));
            types.put(typeUrl, type);
            type.subscription.begin(request);
        }
        if (type != null && type.subscription.hasTooManyNames()) {
            fail(Status.RESOURCE_EXHAUSTED.withDescription("more than " + service.maxNames + " names of " + typeUrl
                    + " subscribed (expected: fewer, or '*')"));
        }
    }

    private void answered(DeltaDiscoveryRequest request, @Nullable OfType type) {
        if (type == null || !type.unanswered.remove(request.getResponseNonce())) {
            LOG.debug("xDS client {} answers {}, which was not asked", name(), request.getResponseNonce());
        } else if (request.hasErrorDetail()) {
            type.nacked++;
            type.lastError = request.getErrorDetail().getMessage();
            LOG.warn("xDS client {} rejects of {}: {}", name(), request.getTypeUrl(), type.lastError);
        } else {
            type.acked++;
        }
    }

    private String name() {
        return node.id().isEmpty() ? address : node.id() + " (" + address + ")";
    }

    private void pump() {
        woken.set(false);
        if (over) {
            return;
        }
        OfType first = types.get(FIRST);
        if (first != null) {
            pump(first);
        }
        types.values().stream().filter(type -> type != first).forEach(this::pump);
        publish();
        service.end.moved(this);
    }

    private void pump(OfType type) {
        while (!over
                && client.isReady()
                && type.unanswered.size() < service.maxUnanswered
                && type.subscription.isBehind()) {
            DeltaDiscoveryResponse.Builder next = type.subscription.next();
            if (next != null) {
                String nonce = Long.toString(++lastNonce);
                type.unanswered.add(nonce);
                client.onNext(next.setNonce(nonce).build());
            }
        }
    }

    private void publish() {
        Map<String, ClientStatus.OfType> ofTypes = new LinkedHashMap<>();
        types.forEach((url, type) -> ofTypes.put(
                url,
                new ClientStatus.OfType(
                        service.resources.table(url).revision() - type.subscription.position(),
                        type.unanswered.size(),
                        type.acked,
                        type.nacked,
                        type.lastError)));
        status = new ClientStatus(node, address, ofTypes);
        positions = positions();
    }

    private Map<String, Long> positions() {
        Map<String, Long> now = new LinkedHashMap<>();
        types.forEach((url, type) -> now.put(url, type.subscription.position()));
        return now;
    }

    /** Up to where the client was told of a type; the greatest number when it does not want the type yet. */
    long position(String typeUrl) {
        return positions.getOrDefault(typeUrl, Long.MAX_VALUE);
    }

    ClientStatus status() {
        return status;
    }

    /** Whether it wants workloads and has answered all that there is now of the types that it wants. From any thread. */
    boolean isUpToDate() {
        Map<String, Long> told = positions; // before the status, which is as new at least
        ClientStatus now = status;
        return told.containsKey(TypeUrl.ADDRESS)
                && told.entrySet().stream()
                        .allMatch(type -> type.getValue()
                                >= service.resources.table(type.getKey()).revision())
                && now.types().values().stream().allMatch(type -> type.unanswered() == 0);
    }

    /** Ends the stream. From any thread. */
    void end(Status why) {
        executor.execute(() -> context.execute(() -> fail(why)));
    }

    private void fail(Status why) {
        if (!over) {
            over = true;
            client.onError(why.asRuntimeException());
            service.end.ended(this);
        }
    }

    @Override
    public void onError(Throwable failure) {
        context.execute(this::ended);
    }

    @Override
    public void onCompleted() {
        context.execute(() -> {
            if (!over) {
                client.onCompleted();
                ended();
            }
        });
    }

    private void ended() {
        if (!over) {
            over = true;
            service.end.ended(this);
        }
    }
}
