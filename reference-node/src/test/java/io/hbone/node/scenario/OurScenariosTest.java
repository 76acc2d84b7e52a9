package io.hbone.node.scenario;

import io.hbone.node.traffic.InPods;

/** Our node on both machines. */
@InPods
class OurScenariosTest extends Scenarios {
    OurScenariosTest() {
        super(NodeKind.OURS, NodeKind.OURS);
    }
}
