package io.hbone.node.agent;

import io.hbone.enrollment.AgentObserver;
import io.hbone.enrollment.EnrollmentStatus;
import io.hbone.enrollment.LocalWorkload;
import java.util.List;

/** Several that hear the same. */
record AgentObservers(List<AgentObserver> all) implements AgentObserver {
    @Override
    public void changed(EnrollmentStatus status) {
        all.forEach(each -> each.changed(status));
    }

    @Override
    public void forgotten(LocalWorkload workload) {
        all.forEach(each -> each.forgotten(workload));
    }

    @Override
    public void enrolled(LocalWorkload workload) {
        all.forEach(each -> each.enrolled(workload));
    }

    @Override
    public void failed(LocalWorkload workload, Failure why) {
        all.forEach(each -> each.failed(workload, why));
    }

    @Override
    public void repaired(LocalWorkload workload) {
        all.forEach(each -> each.repaired(workload));
    }

    @Override
    public void nodesChanged(int connected) {
        all.forEach(each -> each.nodesChanged(connected));
    }
}
