package io.hbone.node.scenario;

import static io.hbone.node.scenario.Machines.ENROLLED_0;
import static io.hbone.node.scenario.Machines.ENROLLED_1;
import static io.hbone.node.scenario.Machines.UNENROLLED;

/** The twelve of Cilium's connectivity test, in its order (spec/cilium.md 9.1). */
enum Scenario {
    ENROLLED_TO_ENROLLED_SAME_NODE(ENROLLED_0, ENROLLED_0, true, true),
    ENROLLED_TO_ENROLLED_DIFFERENT_NODE(ENROLLED_0, ENROLLED_0, false, true),
    UNENROLLED_TO_UNENROLLED_SAME_NODE(UNENROLLED, UNENROLLED, true, false),
    UNENROLLED_TO_UNENROLLED_DIFFERENT_NODE(UNENROLLED, UNENROLLED, false, false),
    ENROLLED_TO_UNENROLLED_SAME_NODE(ENROLLED_0, UNENROLLED, true, false),
    ENROLLED_TO_UNENROLLED_DIFFERENT_NODE(ENROLLED_0, UNENROLLED, false, false),
    UNENROLLED_TO_ENROLLED_SAME_NODE(UNENROLLED, ENROLLED_0, true, false),
    UNENROLLED_TO_ENROLLED_DIFFERENT_NODE(UNENROLLED, ENROLLED_0, false, false),
    ENROLLED_TO_ENROLLED_CROSS_NS_SAME_NODE(ENROLLED_0, ENROLLED_1, true, true),
    ENROLLED_TO_ENROLLED_CROSS_NS_DIFFERENT_NODE(ENROLLED_0, ENROLLED_1, false, true),
    UNENROLLED_TO_ENROLLED_CROSS_NS_SAME_NODE(UNENROLLED, ENROLLED_1, true, false),
    UNENROLLED_TO_ENROLLED_CROSS_NS_DIFFERENT_NODE(UNENROLLED, ENROLLED_1, false, false);

    private final String clients;
    private final String servers;
    private final boolean sameNode;
    private final boolean encrypted;

    Scenario(String clients, String servers, boolean sameNode, boolean encrypted) {
        this.clients = clients;
        this.servers = servers;
        this.sameNode = sameNode;
        this.encrypted = encrypted;
    }

    Workload client(Machines machines) {
        return machines.workload(clients, Machines.CLIENT);
    }

    Workload server(Machines machines) {
        return machines.workload(servers, sameNode ? Machines.SAME_NODE : Machines.OTHER_NODE);
    }

    boolean isEncrypted() {
        return encrypted;
    }
}
