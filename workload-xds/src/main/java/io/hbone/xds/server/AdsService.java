package io.hbone.xds.server;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.proto.discovery.AggregatedDiscoveryServiceGrpc;
import io.hbone.xds.proto.discovery.DeltaDiscoveryRequest;
import io.hbone.xds.proto.discovery.DeltaDiscoveryResponse;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/** All streams of a server. */
final class AdsService extends AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceImplBase
        implements ClientStream.StreamEnd {
    private static final Context.Key<String> PEER = Context.key("peer");

    /** So many removals may be remembered before it is worth a look who still needs them. */
    private static final int REMOVALS = 256;

    private final MeshResources resources;
    private final Executor executor;
    private final ClientStream.Service shared;
    private final Set<ClientStream> streams = ConcurrentHashMap.newKeySet();
    private final Runnable unregister;

    AdsService(
            MeshResources resources,
            ResourceFilter filter,
            int maxBytes,
            int maxNames,
            int maxUnanswered,
            Executor executor) {
        this.resources = resources;
        this.executor = executor;
        shared = new ClientStream.Service(resources, filter, maxBytes, maxNames, maxUnanswered, this);
        unregister = resources.onChange(() -> streams.forEach(ClientStream::wake));
    }

    @Override
    public StreamObserver<DeltaDiscoveryRequest> deltaAggregatedResources(
            StreamObserver<DeltaDiscoveryResponse> observer) {
        ServerCallStreamObserver<DeltaDiscoveryResponse> client =
                (ServerCallStreamObserver<DeltaDiscoveryResponse>) observer;
        ClientStream stream =
                new ClientStream(shared, client, Objects.requireNonNullElse(PEER.get(), "unknown"), executor);
        streams.add(stream);
        client.setOnReadyHandler(stream::wake);
        client.setOnCancelHandler(() -> stream.onError(Status.CANCELLED.asRuntimeException()));
        return stream;
    }

    @Override
    public void moved(ClientStream stream) {
        forgetRemovals(TypeUrl.ADDRESS);
        forgetRemovals(TypeUrl.AUTHORIZATION);
    }

    @Override
    public void ended(ClientStream stream) {
        streams.remove(stream);
    }

    private void forgetRemovals(String typeUrl) {
        ResourceTable table = resources.table(typeUrl);
        if (table.removals() > REMOVALS) {
            long passed = table.revision();
            for (ClientStream stream : streams) {
                passed = Math.min(passed, stream.position(typeUrl));
            }
            table.forgetRemovals(passed);
        }
    }

    List<ClientStatus> clients() {
        return streams.stream().map(ClientStream::status).toList();
    }

    boolean isDelivered() {
        return !streams.isEmpty() && streams.stream().allMatch(ClientStream::isUpToDate);
    }

    void close() {
        unregister.run();
        streams.forEach(stream -> stream.end(Status.UNAVAILABLE.withDescription("the server is closed")));
    }

    /** Tells a stream where its client is. */
    static final class Peer implements ServerInterceptor {
        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
            Object address = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
            String text = address == null || address.toString().isEmpty() ? "unix socket" : address.toString();
            return Contexts.interceptCall(Context.current().withValue(PEER, text), call, headers, next);
        }
    }
}
