package io.hbone.enrollment.operator;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.enrollment.spire.proto.BatchCreateEntryRequest;
import io.hbone.enrollment.spire.proto.BatchDeleteEntryRequest;
import io.hbone.enrollment.spire.proto.BatchUpdateEntryRequest;
import io.hbone.enrollment.spire.proto.Entry;
import io.hbone.enrollment.spire.proto.EntryGrpc;
import io.hbone.enrollment.spire.proto.EntryMask;
import io.hbone.enrollment.spire.proto.ListEntriesRequest;
import io.hbone.enrollment.spire.proto.ListEntriesResponse;
import io.hbone.enrollment.spire.proto.SPIFFEID;
import io.hbone.enrollment.spire.proto.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** The Entry API over gRPC (spec/spire.md 3.2). Whether a call as a whole went well says nothing about its items. */
final class SpireEntryApi implements EntryApi {
    private static final int PAGE = 500;

    private static final EntryMask OURS = EntryMask.newBuilder()
            .setSpiffeId(true)
            .setParentId(true)
            .setSelectors(true)
            .setX509SvidTtl(true)
            .build();

    private final ManagedChannel channel;
    private final Duration timeout;

    /** @param timeout of each call */
    SpireEntryApi(ManagedChannel channel, Duration timeout) {
        this.channel = channel;
        this.timeout = timeout;
    }

    /** Asks for all: no filter of the server's finds the entries of an owner after somebody has changed their parents. */
    @Override
    public List<RegistrationEntry> list(Predicate<String> mine) {
        // Asked for after failures, too, and gRPC's own pause between tries is up to two minutes.
        channel.resetConnectBackoff();
        List<RegistrationEntry> found = new ArrayList<>();
        String token = "";
        do {
            ListEntriesRequest request = ListEntriesRequest.newBuilder()
                    .setOutputMask(OURS)
                    .setPageSize(PAGE)
                    .setPageToken(token)
                    .build();
            ListEntriesResponse page = call(stub -> stub.listEntries(request));
            page.getEntriesList().stream()
                    .filter(entry -> mine.test(entry.getId()))
                    .map(SpireEntryApi::read)
                    .forEach(found::add);
            token = page.getNextPageToken();
        } while (!token.isEmpty());
        return found;
    }

    @Override
    public List<Result> create(List<RegistrationEntry> entries) {
        BatchCreateEntryRequest request = BatchCreateEntryRequest.newBuilder()
                .addAllEntries(entries.stream().map(SpireEntryApi::write).toList())
                .setOutputMask(OURS)
                .build();
        return complete(
                entries.size(),
                call(stub -> stub.batchCreateEntry(request)).getResultsList().stream()
                        .map(result ->
                                result(result.getStatus(), result.hasEntry() ? List.of(result.getEntry()) : List.of()))
                        .toList());
    }

    @Override
    public List<Result> update(List<RegistrationEntry> entries) {
        BatchUpdateEntryRequest request = BatchUpdateEntryRequest.newBuilder()
                .addAllEntries(entries.stream().map(SpireEntryApi::write).toList())
                .setInputMask(OURS)
                .setOutputMask(OURS)
                .build();
        return complete(
                entries.size(),
                call(stub -> stub.batchUpdateEntry(request)).getResultsList().stream()
                        .map(result -> result(result.getStatus(), List.of()))
                        .toList());
    }

    @Override
    public List<Result> delete(List<String> ids) {
        BatchDeleteEntryRequest request =
                BatchDeleteEntryRequest.newBuilder().addAllIds(ids).build();
        return complete(
                ids.size(),
                call(stub -> stub.batchDeleteEntry(request)).getResultsList().stream()
                        .map(result -> result(result.getStatus(), List.of()))
                        .toList());
    }

    private <T> T call(Function<EntryGrpc.EntryBlockingStub, T> method) {
        try {
            return method.apply(
                    EntryGrpc.newBlockingStub(channel).withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS));
        } catch (StatusRuntimeException e) {
            throw new SpireException(explain(e.getStatus()), e);
        }
    }

    private static String explain(Status status) {
        Throwable cause = status.getCause();
        // gRPC's own words for a connection that fails are "io exception".
        String said = String.valueOf(cause == null ? status.getDescription() : cause.getMessage());
        return switch (status.getCode()) {
            case UNAVAILABLE ->
                "no connection to the SPIRE server: " + said + "; look whether it runs, and listens there";
            case DEADLINE_EXCEEDED -> "the SPIRE server did not answer in time; look at its load and its data store";
            case PERMISSION_DENIED, UNAUTHENTICATED ->
                "the SPIRE server does not let this operator register entries: " + said
                        + " (expected: its SPIFFE id in the server's admin_ids, or an entry of it with admin)";
            case UNIMPLEMENTED -> "who listens there is no SPIRE server: " + said;
            default -> "the SPIRE server says " + status.getCode() + ": " + said;
        };
    }

    private static List<Result> complete(int asked, List<Result> results) {
        if (results.size() != asked) {
            throw new SpireException(
                    "the SPIRE server answered with " + results.size() + " results (expected: " + asked + ")",
                    new IllegalStateException());
        }
        return results;
    }

    private static Result result(io.hbone.enrollment.spire.proto.Status status, List<Entry> existing) {
        Status.Code code = Status.fromCodeValue(status.getCode()).getCode();
        boolean tell = code == Status.Code.ALREADY_EXISTS && !existing.isEmpty();
        return new Result(code, status.getMessage(), tell ? read(existing.get(0)) : null);
    }

    private static Entry write(RegistrationEntry entry) {
        return Entry.newBuilder()
                .setId(entry.id())
                .setSpiffeId(write(entry.spiffeId()))
                .setParentId(write(entry.parent()))
                .addAllSelectors(entry.selectors().stream()
                        .map(each -> Selector.newBuilder()
                                .setType(each.type())
                                .setValue(each.value())
                                .build())
                        .toList())
                .setX509SvidTtl(entry.ttlSeconds())
                .build();
    }

    private static RegistrationEntry read(Entry entry) {
        Set<RegistrationEntry.Selector> selectors = entry.getSelectorsList().stream()
                .map(each -> new RegistrationEntry.Selector(each.getType(), each.getValue()))
                .collect(Collectors.toSet());
        return new RegistrationEntry(
                entry.getId(), read(entry.getSpiffeId()), read(entry.getParentId()), selectors, entry.getX509SvidTtl());
    }

    private static SPIFFEID write(SpiffeId id) {
        return SPIFFEID.newBuilder()
                .setTrustDomain(id.trustDomain().name())
                .setPath(id.path())
                .build();
    }

    private static SpiffeId read(SPIFFEID id) {
        return new SpiffeId(TrustDomain.of(id.getTrustDomain()), id.getPath());
    }
}
