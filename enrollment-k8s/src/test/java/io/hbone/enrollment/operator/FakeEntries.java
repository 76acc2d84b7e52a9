package io.hbone.enrollment.operator;

import io.grpc.Status;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Entries as a SPIRE server keeps them (spec/spire.md 3.2), with what it was asked, and failures on request. */
final class FakeEntries implements EntryApi {
    final Map<String, RegistrationEntry> entries = new LinkedHashMap<>();
    final List<String> calls = new ArrayList<>();

    /** Which call does not get through; the text is why. */
    Function<String, @Nullable String> outage = call -> null;

    /** Whether the outage comes after the work, so that only the answer is lost. */
    boolean afterwards;

    /** Which items fail, and how. */
    Function<String, EntryApi.@Nullable Result> refusal = id -> null;

    @Override
    public List<RegistrationEntry> list(Predicate<String> mine) {
        return call("list", List.of(), nothing -> List.copyOf(entries.values())).stream()
                .filter(entry -> mine.test(entry.id()))
                .toList();
    }

    @Override
    public List<Result> create(List<RegistrationEntry> asked) {
        return call("create", asked, all -> all.stream().map(this::create).toList());
    }

    @Override
    public List<Result> update(List<RegistrationEntry> asked) {
        return call("update", asked, all -> all.stream().map(this::update).toList());
    }

    @Override
    public List<Result> delete(List<String> asked) {
        return call("delete", asked, all -> all.stream().map(this::delete).toList());
    }

    private <T, R> List<R> call(String name, List<T> asked, Function<List<T>, List<R>> work) {
        calls.add(asked.isEmpty() ? name : name + " " + asked.size());
        String problem = outage.apply(name);
        if (problem != null && !afterwards) {
            throw new SpireException(problem, new IllegalStateException());
        }
        List<R> results = work.apply(asked);
        if (problem != null) {
            throw new SpireException(problem, new IllegalStateException());
        }
        return results;
    }

    private Result create(RegistrationEntry entry) {
        Result refused = refusal.apply(entry.id());
        if (refused != null) {
            return refused;
        }
        for (RegistrationEntry there : entries.values()) {
            if (there.spiffeId().equals(entry.spiffeId())
                    && there.parent().equals(entry.parent())
                    && there.selectors().equals(entry.selectors())) {
                return new Result(Status.Code.ALREADY_EXISTS, "similar entry already exists", there);
            }
        }
        if (entries.containsKey(entry.id())) {
            return new Result(Status.Code.ALREADY_EXISTS, "duplicate id", null);
        }
        entries.put(entry.id(), entry);
        return Result.OK;
    }

    private Result update(RegistrationEntry entry) {
        Result refused = refusal.apply(entry.id());
        if (refused != null) {
            return refused;
        }
        if (!entries.containsKey(entry.id())) {
            return new Result(Status.Code.NOT_FOUND, "entry not found", null);
        }
        entries.put(entry.id(), entry);
        return Result.OK;
    }

    private Result delete(String id) {
        Result refused = refusal.apply(id);
        if (refused != null) {
            return refused;
        }
        return entries.remove(id) == null ? new Result(Status.Code.NOT_FOUND, "entry not found", null) : Result.OK;
    }
}
