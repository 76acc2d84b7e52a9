package io.hbone.node.scenario;

import io.hbone.node.traffic.Capture;
import io.hbone.node.traffic.Pod;
import io.hbone.node.traffic.Pods;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** All taps: at each machine's switch, and on the wire between the machines. */
final class Taps {
    private final Map<Place, Tap> taps = new EnumMap<>(Place.class);
    private final Workload sender;
    private final Workload receiver;

    /** Where a tap is. */
    enum Place {
        SWITCH_A,
        WIRE,
        SWITCH_B
    }

    /**
     * Starts them.
     *
     * @param sender on machine a
     * @param receiver on machine b, so that what the sender sends it passes all taps
     */
    Taps(Pod a, Pod b, Workload sender, Workload receiver) {
        this.sender = sender;
        this.receiver = receiver;
        taps.put(Place.SWITCH_A, Tap.start(a, Pods.SWITCH));
        taps.put(Place.WIRE, Tap.start(a, Pods.WIRE));
        taps.put(Place.SWITCH_B, Tap.start(b, Pods.SWITCH));
    }

    /** What they saw since the last call and up to now. */
    Map<Place, Capture> next() throws IOException {
        String sentinel = "end-of-" + Token.next();
        sender.sendDatagram(receiver, Tap.SENTINEL_PORT, sentinel);
        Map<Place, Capture> seen = new EnumMap<>(Place.class);
        taps.forEach((place, tap) -> seen.put(place, tap.next(sentinel)));
        return seen;
    }

    /** Ends them: those that missed packets. */
    List<String> stop() {
        return taps.values().stream()
                .map(tap -> tap + " missed " + tap.stop())
                .filter(line -> !line.endsWith(" 0"))
                .toList();
    }
}
