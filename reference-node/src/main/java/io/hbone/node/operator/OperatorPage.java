package io.hbone.node.operator;

import io.hbone.enrollment.operator.NamespaceReport;
import io.hbone.enrollment.operator.OperatorStatus;
import io.hbone.node.http.HttpPage;
import io.hbone.node.http.HttpQuery;
import io.hbone.node.http.HttpReply;
import io.hbone.node.telemetry.MetricsPage;
import io.hbone.node.text.Json;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What an operator tells on its port: {@code /healthz/ready}, {@code /metrics}, and {@code /status}, which has every namespace. Who
 * stands by is ready, too: it does all that it has to do.
 */
public final class OperatorPage implements HttpPage {
    private final Supplier<OperatorStatus> status;
    private final MetricsPage metrics;

    public OperatorPage(Supplier<OperatorStatus> status, MetricsPage metrics) {
        this.status = status;
        this.metrics = metrics;
    }

    @Override
    public HttpReply reply(HttpQuery query) {
        return switch (query.path()) {
            case "/healthz/ready" -> ready(status.get());
            case "/status" -> {
                StringBuilder json = new StringBuilder();
                Json.compact(json, dump(status.get()));
                yield HttpReply.of(200, "application/json", json.append('\n').toString());
            }
            default -> metrics.reply(query);
        };
    }

    private static HttpReply ready(OperatorStatus status) {
        if (status.leading() && !status.synced()) {
            return HttpReply.text(500, "leads, and has not read the cluster yet\n");
        }
        return HttpReply.text(200, status.leading() ? "leads\n" : "stands by\n");
    }

    private static Map<String, Object> dump(OperatorStatus status) {
        Map<String, Object> dump = new LinkedHashMap<>();
        dump.put("leading", status.leading());
        dump.put("synced", status.synced());
        dump.put("live", status.live());
        dump.put("spireProblem", status.spireProblem());
        dump.put(
                "namespaces",
                status.namespaces().stream()
                        .sorted(Comparator.comparing(NamespaceReport::namespace))
                        .map(OperatorPage::dump)
                        .toList());
        return dump;
    }

    private static Map<String, Object> dump(NamespaceReport report) {
        Map<String, Object> dump = new LinkedHashMap<>();
        dump.put("name", report.namespace());
        dump.put("enrolled", report.enrolled());
        dump.put("accounts", report.accounts());
        dump.put("registered", report.registered());
        dump.put("foreign", report.foreign());
        dump.put("problem", report.problem());
        return dump;
    }
}
