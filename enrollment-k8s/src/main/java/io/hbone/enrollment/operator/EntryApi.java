package io.hbone.enrollment.operator;

import io.grpc.Status;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The entries of a SPIRE server. Every call waits for the server, and all of them throw {@link SpireException}. */
interface EntryApi {
    /**
     * All entries, whoever they belong to, that a test on their ids lets pass.
     *
     * @param mine of ids
     */
    List<RegistrationEntry> list(Predicate<String> mine);

    /** One result for each, in order. With {@code ALREADY_EXISTS} comes the entry that is in the way, if the server tells. */
    List<Result> create(List<RegistrationEntry> entries);

    /** Changes what a {@link RegistrationEntry} has and leaves the rest; one result for each, in order. */
    List<Result> update(List<RegistrationEntry> entries);

    /** One result for each, in order. */
    List<Result> delete(List<String> ids);

    /**
     * What has become of one of many.
     *
     * @param existing the entry that is there, with {@code ALREADY_EXISTS}; null when the server does not say
     */
    record Result(
            Status.Code code, String message, @Nullable RegistrationEntry existing) {
        static final Result OK = new Result(Status.Code.OK, "", null);
    }
}
