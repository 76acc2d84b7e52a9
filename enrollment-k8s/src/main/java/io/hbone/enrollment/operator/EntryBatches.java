package io.hbone.enrollment.operator;

import io.grpc.Status;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** Sends what is to be done in calls of a bounded size, as long as it is this operator's turn, and counts. One thread. */
final class EntryBatches {
    private final int size;
    private final BooleanSupplier leading;
    private final OperatorObserver observer;

    /**
     * @param size how many entries one call has at most: a server takes 4 MiB (spec/spire.md 3.1)
     * @param leading asked before each call
     */
    EntryBatches(int size, BooleanSupplier leading, OperatorObserver observer) {
        this.size = size;
        this.leading = leading;
        this.observer = observer;
    }

    /**
     * Sends what each of several has to send, all together.
     *
     * @param items what one has to send; read once
     * @param call sends, and brings one result for each
     * @param each hears of each result
     * @throws LeadershipLostException when it is another's turn; what was sent before is done
     */
    <P, T> void send(
            Method method,
            Collection<P> all,
            Function<P, List<T>> items,
            Function<List<T>, List<EntryApi.Result>> call,
            Receiver<P, T> each) {
        List<P> owners = new ArrayList<>();
        List<T> batch = new ArrayList<>();
        for (P owner : all) {
            for (T item : items.apply(owner)) {
                owners.add(owner);
                batch.add(item);
                if (batch.size() == size) {
                    send(method, owners, batch, call, each);
                    owners.clear();
                    batch.clear();
                }
            }
        }
        if (!batch.isEmpty()) {
            send(method, owners, batch, call, each);
        }
    }

    private <P, T> void send(
            Method method,
            List<P> owners,
            List<T> batch,
            Function<List<T>, List<EntryApi.Result>> call,
            Receiver<P, T> each) {
        if (!leading.getAsBoolean()) {
            throw new LeadershipLostException();
        }
        List<EntryApi.Result> results;
        try {
            results = call.apply(List.copyOf(batch));
        } catch (SpireException e) {
            observer.entries(method.name, 0, batch.size());
            throw e;
        }
        int done = 0;
        for (int i = 0; i < results.size(); i++) {
            done += method.done.contains(results.get(i).code()) ? 1 : 0;
            each.receive(owners.get(i), batch.get(i), results.get(i));
        }
        observer.entries(method.name, done, results.size() - done);
    }

    /** The kinds of calls. */
    enum Method {
        CREATE("upsert", Set.of(Status.Code.OK, Status.Code.ALREADY_EXISTS)),
        UPDATE("upsert", Set.of(Status.Code.OK)),
        DELETE("delete", Set.of(Status.Code.OK, Status.Code.NOT_FOUND));

        /** As Cilium's metrics call it. */
        private final String name;

        /** With which results what was wanted is so. */
        private final Set<Status.Code> done;

        Method(String name, Set<Status.Code> done) {
            this.name = name;
            this.done = done;
        }
    }

    /**
     * Hears of results.
     *
     * @param <P> whose it is
     * @param <T> what was sent
     */
    interface Receiver<P, T> {
        void receive(P owner, T item, EntryApi.Result result);
    }

    /** Another operator leads. */
    static final class LeadershipLostException extends RuntimeException {
        LeadershipLostException() {
            super("another operator leads (expected: this one)");
        }
    }
}
