package io.hbone.node.scenario;

import io.hbone.node.traffic.InPods;
import org.junit.jupiter.api.Tag;

/** Our node on one machine, stock ztunnel on the other. */
@InPods
@Tag("peer")
class MixedScenariosTest extends Scenarios {
    MixedScenariosTest() {
        super(NodeKind.OURS, NodeKind.ZTUNNEL);
    }
}
