package io.hbone.node.scenario;

import io.hbone.node.traffic.InPods;
import org.junit.jupiter.api.Tag;

/** Stock ztunnel on both machines, under our agent, with our CA. */
@InPods
@Tag("peer")
class ZtunnelScenariosTest extends Scenarios {
    ZtunnelScenariosTest() {
        super(NodeKind.ZTUNNEL, NodeKind.ZTUNNEL);
    }
}
