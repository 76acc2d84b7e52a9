package io.hbone.node.traffic;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** A line of the access log, of either format. */
record AccessLine(String level, String message, Map<String, String> fields) {
    private static final Pattern FIELD = Pattern.compile("(\\S+?)=(\"(?:[^\"\\\\]|\\\\.)*\"|\\S+)");
    private static final Pattern LINE = Pattern.compile("[^\\t{]+\\t(\\w+)\\taccess\\t([^\\t]+)\\t(.*)");

    static boolean matches(String line) {
        return LINE.matcher(line).matches() || (line.startsWith("{") && line.contains("\"scope\":\"access\""));
    }

    static AccessLine parse(String line) {
        Map<String, String> fields = new LinkedHashMap<>();
        if (line.startsWith("{")) {
            Map<?, ?> json = (Map<?, ?>) new Load(LoadSettings.builder().build()).loadFromString(line);
            json.forEach((key, value) -> fields.put(key.toString(), String.valueOf(value)));
            fields.keySet().removeAll(List.of("time", "scope"));
            return new AccessLine(fields.remove("level"), fields.remove("message"), fields);
        }
        Matcher parts = LINE.matcher(line);
        if (!parts.matches()) {
            throw new IllegalArgumentException(line);
        }
        Matcher field = FIELD.matcher(parts.group(3));
        while (field.find()) {
            String value = field.group(2);
            fields.put(field.group(1), value.startsWith("\"") ? value.substring(1, value.length() - 1) : value);
        }
        return new AccessLine(parts.group(1), parts.group(2), fields);
    }

    String get(String field) {
        return fields.getOrDefault(field, "");
    }

    long number(String field) {
        return Long.parseLong(get(field));
    }

    /** Of what lies behind the tunnel if there is one. */
    int applicationPort() {
        String address = get("dst.hbone_addr").isEmpty() ? get("dst.addr") : get("dst.hbone_addr");
        return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }
}
