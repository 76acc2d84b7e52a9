package io.hbone.enrollment.operator;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.enrollment.spire.proto.BatchCreateEntryRequest;
import io.hbone.enrollment.spire.proto.BatchCreateEntryResponse;
import io.hbone.enrollment.spire.proto.BatchDeleteEntryRequest;
import io.hbone.enrollment.spire.proto.BatchDeleteEntryResponse;
import io.hbone.enrollment.spire.proto.BatchUpdateEntryRequest;
import io.hbone.enrollment.spire.proto.BatchUpdateEntryResponse;
import io.hbone.enrollment.spire.proto.Entry;
import io.hbone.enrollment.spire.proto.EntryGrpc;
import io.hbone.enrollment.spire.proto.ListEntriesRequest;
import io.hbone.enrollment.spire.proto.ListEntriesResponse;
import io.hbone.enrollment.spire.proto.SPIFFEID;
import io.hbone.enrollment.spire.proto.Selector;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The Entry API over gRPC on a port of this machine, with the entries of a {@link FakeEntries}. */
final class FakeSpireServer extends EntryGrpc.EntryImplBase implements AutoCloseable {
    final FakeEntries entries = new FakeEntries();

    /** What every call ends with instead of an answer; null for none. */
    volatile @Nullable Status broken;

    private final List<ManagedChannel> channels = new ArrayList<>();
    private final Server server;

    FakeSpireServer() {
        try {
            server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                    .addService(this)
                    .build()
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A connection, shut down with the server. */
    ManagedChannel connect() {
        ManagedChannel channel = NettyChannelBuilder.forAddress("localhost", server.getPort())
                .usePlaintext()
                .build();
        channels.add(channel);
        return channel;
    }

    /** Ids of the entries that are there. */
    synchronized List<String> identities() {
        return entries.entries.values().stream()
                .map(entry -> entry.spiffeId().path())
                .sorted()
                .toList();
    }

    @Override
    public void close() {
        channels.forEach(ManagedChannel::shutdownNow);
        server.shutdownNow();
    }

    @Override
    public void listEntries(ListEntriesRequest request, StreamObserver<ListEntriesResponse> answer) {
        reply(answer, () -> {
            List<RegistrationEntry> all = entries.list(id -> true);
            int from = request.getPageToken().isEmpty() ? 0 : Integer.parseInt(request.getPageToken());
            int to = Math.min(all.size(), from + request.getPageSize());
            return ListEntriesResponse.newBuilder()
                    .addAllEntries(all.subList(from, to).stream()
                            .map(FakeSpireServer::write)
                            .toList())
                    .setNextPageToken(to < all.size() ? "" + to : "")
                    .build();
        });
    }

    @Override
    public void batchCreateEntry(BatchCreateEntryRequest request, StreamObserver<BatchCreateEntryResponse> answer) {
        reply(answer, () -> {
            BatchCreateEntryResponse.Builder response = BatchCreateEntryResponse.newBuilder();
            for (EntryApi.Result result : entries.create(read(request.getEntriesList()))) {
                BatchCreateEntryResponse.Result.Builder one = response.addResultsBuilder();
                one.setStatus(status(result));
                if (result.existing() != null) {
                    one.setEntry(write(result.existing()));
                }
            }
            return response.build();
        });
    }

    @Override
    public void batchUpdateEntry(BatchUpdateEntryRequest request, StreamObserver<BatchUpdateEntryResponse> answer) {
        reply(answer, () -> {
            BatchUpdateEntryResponse.Builder response = BatchUpdateEntryResponse.newBuilder();
            entries.update(read(request.getEntriesList()))
                    .forEach(result -> response.addResultsBuilder().setStatus(status(result)));
            return response.build();
        });
    }

    @Override
    public void batchDeleteEntry(BatchDeleteEntryRequest request, StreamObserver<BatchDeleteEntryResponse> answer) {
        reply(answer, () -> {
            BatchDeleteEntryResponse.Builder response = BatchDeleteEntryResponse.newBuilder();
            entries.delete(request.getIdsList())
                    .forEach(result -> response.addResultsBuilder().setStatus(status(result)));
            return response.build();
        });
    }

    private synchronized <T> void reply(StreamObserver<T> answer, java.util.function.Supplier<T> work) {
        Status status = broken;
        if (status != null) {
            answer.onError(status.asRuntimeException());
            return;
        }
        answer.onNext(work.get());
        answer.onCompleted();
    }

    private static io.hbone.enrollment.spire.proto.Status status(EntryApi.Result result) {
        return io.hbone.enrollment.spire.proto.Status.newBuilder()
                .setCode(result.code().value())
                .setMessage(result.message())
                .build();
    }

    private static List<RegistrationEntry> read(List<Entry> entries) {
        Function<SPIFFEID, SpiffeId> id = each -> new SpiffeId(TrustDomain.of(each.getTrustDomain()), each.getPath());
        return entries.stream()
                .map(entry -> new RegistrationEntry(
                        entry.getId(),
                        id.apply(entry.getSpiffeId()),
                        id.apply(entry.getParentId()),
                        entry.getSelectorsList().stream()
                                .map(each -> new RegistrationEntry.Selector(each.getType(), each.getValue()))
                                .collect(Collectors.toSet()),
                        entry.getX509SvidTtl()))
                .toList();
    }

    private static Entry write(RegistrationEntry entry) {
        return Entry.newBuilder()
                .setId(entry.id())
                .setSpiffeId(SPIFFEID.newBuilder()
                        .setTrustDomain(entry.spiffeId().trustDomain().name())
                        .setPath(entry.spiffeId().path()))
                .setParentId(SPIFFEID.newBuilder()
                        .setTrustDomain(entry.parent().trustDomain().name())
                        .setPath(entry.parent().path()))
                .addAllSelectors(entry.selectors().stream()
                        .map(each -> Selector.newBuilder()
                                .setType(each.type())
                                .setValue(each.value())
                                .build())
                        .toList())
                .setX509SvidTtl(entry.ttlSeconds())
                .build();
    }
}
