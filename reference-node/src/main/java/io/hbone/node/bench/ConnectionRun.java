package io.hbone.node.bench;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** New connections: each carries one request and its answer. From the connect to the last byte of the answer is what one takes. */
final class ConnectionRun {
    /** Who is refused does not try again at once. */
    private static final long PAUSE_MILLIS = 20;

    private final Dialler dialler;
    private final Plan plan;
    private final Meter meter;
    private final boolean cpu;

    ConnectionRun(Dialler dialler, Plan plan, Meter meter, boolean cpu) {
        this.dialler = dialler;
        this.plan = plan;
        this.meter = meter;
        this.cpu = cpu;
    }

    Measurement run() throws BenchException, InterruptedException {
        Place place = dialler.place();
        Ledgers ledgers = new Ledgers(place);
        Window window = Window.at(place.now(), plan.warmUp(), plan.duration());
        List<Opener> openers = new ArrayList<>();
        for (int number = 0; number < plan.connections(); number++) {
            EventLoop loop = place.loop(number);
            openers.add(new Opener(loop, window, ledgers.of(loop)));
        }
        openers.forEach(opener -> opener.loop.execute(opener::open));
        Timeline timeline = Waiting.on(meter.measure(ledgers::done, window));
        // Each ends with its last connection, at the latest after the patience of the dialler.
        Waiting.on(CompletableFuture.allOf(
                openers.stream().map(opener -> opener.over).toArray(CompletableFuture<?>[]::new)));
        Ledger sum = ledgers.sum();
        if (sum.latencies.count() == 0) {
            throw new BenchException(Kind.CONNECTIONS + ": not one connection to " + dialler.target()
                    + " brought an answer within " + plan.duration().toMillis() + " ms " + sum.errors);
        }
        Metrics metrics = new Metrics(Kind.CONNECTIONS).rate(timeline, cpu).latencies(sum.latencies);
        return new Measurement(Kind.CONNECTIONS, metrics.figures(), timeline, sum.latencies, sum.errors);
    }

    /** Opens one connection after the other, on one loop. */
    private final class Opener {
        private final EventLoop loop;
        private final Window window;
        private final Ledger ledger;
        private final CompletableFuture<Void> over = new CompletableFuture<>();

        Opener(EventLoop loop, Window window, Ledger ledger) {
            this.loop = loop;
            this.window = window;
            this.ledger = ledger;
        }

        private long now() {
            return loop.ticker().nanoTime();
        }

        void open() {
            long began = now();
            if (began - window.until() >= 0) {
                over.complete(null);
                return;
            }
            OnceHandler handler = new OnceHandler(plan.requestSize());
            Future<?> deadline = loop.schedule(
                    () -> handler.giveUp(new BenchException("open, but the answer or its end never came")),
                    2 * dialler.target().patience().toMillis(),
                    TimeUnit.MILLISECONDS);
            dialler.open(loop, new Hello(Mode.ONCE, plan.requestSize()), plan.requestSize(), handler)
                    .thenCompose(channel -> handler.ended())
                    .whenComplete((answeredAt, failure) -> {
                        deadline.cancel(false);
                        if (failure == null) {
                            answered(began, answeredAt);
                        } else {
                            failed(failure);
                        }
                    });
        }

        private void answered(long began, long answeredAt) {
            ledger.count(1);
            if (window.contains(answeredAt)) {
                ledger.latencies.add(answeredAt - began);
            }
            // By way of the queue: what completes at once must not build up a stack.
            loop.execute(this::open);
        }

        private void failed(Throwable failure) {
            if (window.contains(now())) {
                ledger.error(Failures.describe(failure));
            }
            loop.schedule(this::open, PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        }
    }
}
