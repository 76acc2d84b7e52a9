package io.hbone.node.agent;

import io.hbone.enrollment.AgentObserver;
import io.hbone.enrollment.WorkloadSource;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** Where an agent has its workloads and the rest of the mesh from. */
interface Origin extends AutoCloseable {
    /** The machine's workloads. Its user closes it. */
    WorkloadSource workloads();

    /** Who besides the metrics hears of what becomes of them. */
    List<AgentObserver> observers();

    /** Is given what tells how this machine stands, for who asks the origin; may block. */
    void follow(Supplier<MachineStatus> machine);

    /** Completes when the rest of the mesh is known: nodes take what they are not told of for gone. */
    CompletionStage<Void> known();

    /** What it is, one word for the status. */
    String kind();

    /** Which one. */
    String name();

    @Override
    void close();
}
