package io.hbone.node.agent;

import io.hbone.enrollment.AgentStatus;
import io.hbone.node.http.HttpPage;
import io.hbone.node.http.HttpQuery;
import io.hbone.node.http.HttpReply;
import io.hbone.node.telemetry.MetricsPage;
import io.hbone.node.text.Json;
import io.hbone.xds.server.ClientStatus;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** What the agent says on its admin port: {@code /status}, {@code /healthz/ready}, {@code /metrics}. */
final class AgentPages implements HttpPage {
    static final String STATUS = "/status";
    private static final String READY = "/healthz/ready";

    private final Supplier<AgentStatus> agent;
    private final BooleanSupplier meshKnown;
    private final Supplier<List<ClientStatus>> clients;
    private final StatusDocument document;
    private final MetricsPage metrics;

    AgentPages(
            Supplier<AgentStatus> agent,
            BooleanSupplier meshKnown,
            Supplier<List<ClientStatus>> clients,
            StatusDocument document,
            MetricsPage metrics) {
        this.agent = agent;
        this.meshKnown = meshKnown;
        this.clients = clients;
        this.document = document;
        this.metrics = metrics;
    }

    @Override
    public HttpReply reply(HttpQuery query) {
        if (!query.path().equals(STATUS) && !query.path().equals(READY)) {
            return metrics.reply(query);
        }
        if (!query.isGet()) {
            return HttpReply.empty(405);
        }
        AgentStatus status = agent.get();
        if (query.path().equals(READY)) {
            if (!status.seeded()) {
                return HttpReply.text(500, "not ready, pending: the workloads that were there before\n");
            }
            return meshKnown.getAsBoolean()
                    ? HttpReply.text(200, "ready\n")
                    : HttpReply.text(500, "not ready, pending: the rest of the mesh\n");
        }
        return HttpReply.of(200, "application/json", Json.pretty(document.of(status, clients.get())));
    }
}
