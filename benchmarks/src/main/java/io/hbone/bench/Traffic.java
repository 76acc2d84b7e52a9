package io.hbone.bench;

import io.hbone.bench.harness.Transfer;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What a transfer has moved, in the unit of network links: the rate is gigabits a second. */
@AuxCounters
@State(Scope.Thread)
public class Traffic {

    /** 10^9 bits of what applications sent, without TLS and frames. */
    public double gigabits;

    void ran() {
        gigabits += Transfer.GBIT_PER_RUN;
    }
}
