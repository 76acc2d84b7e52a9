package io.hbone.node.demo;

import io.hbone.node.demo.Evidence.NodeView;
import io.hbone.node.text.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The report for machines: one JSON document. */
final class JsonReport {
    private JsonReport() {}

    static String of(Report report) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("held", report.held());
        map.put("verdict", report.verdict());
        map.put("mode", report.mode());
        map.put("description", report.description());
        map.put("cannotShow", report.cannotShow());
        map.put("fault", report.fault().text());
        map.put("tookMillis", report.took().toMillis());
        List<Object> rows = new ArrayList<>();
        report.rows().forEach(row -> rows.add(row(row)));
        map.put("rows", rows);
        return Json.pretty(map);
    }

    private static Map<String, Object> row(RowResult result) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("from", pod(result.row().from()));
        map.put("to", pod(result.row().to()));
        map.put("expected", result.row().passage().name().toLowerCase(Locale.ROOT));
        map.put("held", result.held());
        List<Object> checks = new ArrayList<>();
        for (Check check : result.checks()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("witness", check.witness());
            entry.put("asserted", check.what());
            entry.put("found", check.found());
            entry.put("held", check.held());
            checks.add(entry);
        }
        map.put("checks", checks);
        Evidence evidence = result.evidence();
        if (evidence != null) {
            List<Object> exchanges = new ArrayList<>();
            evidence.exchanges().forEach(exchange -> exchanges.add(exchange.toMap()));
            map.put("exchanges", exchanges);
            List<Object> flows = new ArrayList<>();
            evidence.flows().forEach(flow -> flows.add(flow.toMap()));
            map.put("wire", flows);
            Map<String, Object> nodes = new LinkedHashMap<>();
            nodes.put(Pod.WEB.text(), node(evidence.web()));
            nodes.put(Pod.SHOP.text(), node(evidence.shop()));
            map.put("nodes", nodes);
        }
        return map;
    }

    private static Map<String, Object> node(NodeView node) {
        Map<String, Object> map = new LinkedHashMap<>();
        List<Object> tunnels = new ArrayList<>();
        node.tunnels().forEach(tunnel -> tunnels.add(tunnel.toMap()));
        map.put("tunnels", tunnels);
        List<Object> connections = new ArrayList<>();
        node.connections().forEach(connection -> connections.add(connection.toMap()));
        map.put("connections", connections);
        return map;
    }

    private static Map<String, Object> pod(Pod pod) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", pod.text());
        map.put("enrolled", pod.enrolled());
        if (pod.enrolled()) {
            map.put("identity", pod.identity().toString());
        }
        return map;
    }
}
