package io.hbone.node.bench;

import io.netty.channel.Channel;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** How much kept connections carry in one direction. */
final class ThroughputRun {
    private final Dialler dialler;
    private final Plan plan;
    private final Meter meter;
    private final boolean cpu;

    ThroughputRun(Dialler dialler, Plan plan, Meter meter, boolean cpu) {
        this.dialler = dialler;
        this.plan = plan;
        this.meter = meter;
        this.cpu = cpu;
    }

    /** @param kind {@link Kind#SEND} or {@link Kind#RECEIVE} */
    Measurement run(Kind kind) throws BenchException, InterruptedException {
        Place place = dialler.place();
        Mode mode = kind == Kind.SEND ? Mode.SINK : Mode.SOURCE;
        Hello hello = new Hello(mode, mode == Mode.SOURCE ? plan.writeSize() : 0);
        AtomicBoolean over = new AtomicBoolean();
        Ledgers ledgers = new Ledgers(place);
        List<Channel> channels = dialler.openAll(
                plan.connections(),
                hello,
                number -> new TransferHandler(mode, plan.writeSize(), ledgers.of(place.loop(number)), over::get));
        Timeline timeline;
        try {
            Window window = Window.at(place.now(), plan.warmUp(), plan.duration());
            timeline = Waiting.on(meter.measure(ledgers::done, window));
        } finally {
            over.set(true);
            Waiting.close(channels);
        }
        Ledger sum = ledgers.sum();
        if (timeline.growth() <= 0) {
            throw new BenchException(kind + ": not one byte arrived through " + plan.connections() + " connections to "
                    + dialler.target() + " within " + plan.duration().toMillis() + " ms " + sum.errors);
        }
        return new Measurement(kind, new Metrics(kind).throughput(timeline, cpu).figures(), timeline, null, sum.errors);
    }
}
