package io.hbone.node.scenario;

import io.hbone.node.traffic.NodeProcess;
import io.hbone.node.traffic.Pod;
import io.hbone.node.traffic.Ztunnel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Whose node a machine has. Both are told by the same variables what to do. */
enum NodeKind {
    OURS {
        @Override
        NodeProcess start(Pod machine, Map<String, String> variables) {
            return NodeProcess.start(machine, variables);
        }

        @Override
        NodeProcess startAsShipped(Pod machine, Map<String, String> variables) {
            return NodeProcess.launch(machine, variables);
        }

        @Override
        String asShipped() {
            return NodeProcess.launched();
        }
    },
    ZTUNNEL {
        @Override
        NodeProcess start(Pod machine, Map<String, String> variables) {
            Map<String, String> all = new HashMap<>(variables);
            all.put("RUST_LOG", "info");
            return NodeProcess.of(
                    machine, machine.start(all, List.of(Ztunnel.program().toString())));
        }
    };

    /** Starts one; it need not be ready yet. */
    abstract NodeProcess start(Pod machine, Map<String, String> variables);

    /** Starts one as users do, as far as possible; for who asks how long that takes. */
    NodeProcess startAsShipped(Pod machine, Map<String, String> variables) {
        return start(machine, variables);
    }

    /** In words, how that is. */
    String asShipped() {
        return "as it is";
    }
}
