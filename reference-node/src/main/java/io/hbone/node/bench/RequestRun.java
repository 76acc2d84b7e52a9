package io.hbone.node.bench;

import io.netty.channel.Channel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** How long requests take on kept connections: at a fixed rate, or one after the other as fast as they go. */
final class RequestRun {
    private final Dialler dialler;
    private final Plan plan;
    private final Meter meter;
    private final boolean cpu;

    RequestRun(Dialler dialler, Plan plan, Meter meter, boolean cpu) {
        this.dialler = dialler;
        this.plan = plan;
        this.meter = meter;
        this.cpu = cpu;
    }

    /** @param kind {@link Kind#LATENCY} or {@link Kind#REQUESTS} */
    Measurement run(Kind kind) throws BenchException, InterruptedException {
        Place place = dialler.place();
        Ledgers ledgers = new Ledgers(place);
        List<RequestHandler> handlers = new ArrayList<>();
        List<Channel> channels = dialler.openAll(plan.connections(), new Hello(Mode.ECHO, 0), number -> {
            RequestHandler handler = new RequestHandler(plan.requestSize(), ledgers.of(place.loop(number)));
            handlers.add(handler);
            return handler;
        });
        Timeline timeline;
        try {
            Window window = Window.at(place.now(), plan.warmUp(), plan.duration());
            for (int number = 0; number < handlers.size(); number++) {
                RequestHandler handler = handlers.get(number);
                Pace pace = kind == Kind.LATENCY ? Pace.of(window, plan.perSecond(), number, handlers.size()) : null;
                place.loop(number).execute(() -> handler.start(window, pace));
            }
            timeline = Waiting.on(meter.measure(ledgers::done, window));
            awaitLast(handlers, place);
        } finally {
            Waiting.close(channels);
        }
        return measurement(kind, timeline, ledgers.sum());
    }

    /** What was due may still be answered, but not for ever. */
    private void awaitLast(List<RequestHandler> handlers, Place place) throws InterruptedException {
        CompletableFuture<Void> all = CompletableFuture.allOf(
                handlers.stream().map(RequestHandler::over).toArray(CompletableFuture<?>[]::new));
        CompletableFuture<@Nullable Void> late = new CompletableFuture<>();
        Waiting.on(all.applyToEither(
                late.completeOnTimeout(null, dialler.target().patience().toMillis(), TimeUnit.MILLISECONDS),
                either -> "over"));
        for (int number = 0; number < handlers.size(); number++) {
            place.loop(number).execute(handlers.get(number)::giveUp);
        }
        Waiting.on(all);
    }

    private Measurement measurement(Kind kind, Timeline timeline, Ledger sum) throws BenchException {
        if (sum.latencies.count() - sum.unanswered <= 0) {
            throw new BenchException(kind + ": not one request to " + dialler.target() + " was answered within "
                    + plan.duration().toMillis() + " ms " + sum.errors);
        }
        Metrics metrics = new Metrics(kind).rate(timeline, cpu).latencies(sum.latencies);
        if (kind == Kind.LATENCY) {
            metrics.put("generator_late_p99_us", sum.lateness.micros(99));
        }
        metrics.put("unanswered", sum.unanswered);
        return new Measurement(kind, metrics.figures(), timeline, sum.latencies, sum.errors);
    }
}
