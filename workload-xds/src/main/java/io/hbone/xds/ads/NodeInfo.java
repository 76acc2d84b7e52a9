package io.hbone.xds.ads;

import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.hbone.xds.proto.discovery.Node;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Who asks for resources (spec/ztunnel.md 7.2).
 *
 * @param id {@code ztunnel~<ip>~<pod>.<namespace>~<namespace>.svc.cluster.local} for nodes of a mesh
 * @param cluster Envoy's name for a group of proxies; usually empty
 * @param metadata as JSON has it: texts, numbers, booleans, lists and maps
 */
public record NodeInfo(String id, String cluster, Map<String, Object> metadata) {
    /** Says nothing of itself. */
    public static final NodeInfo UNKNOWN = new NodeInfo("", "", Map.of());

    private static final String VERSION = "ISTIO_VERSION";
    private static final String META = "ISTIO_META_";
    private static final String META_JSON = "ISTIO_METAJSON_";

    public NodeInfo {
        metadata = Map.copyOf(metadata);
    }

    /**
     * As ztunnel tells of itself by its environment: {@code INSTANCE_IP}, {@code POD_NAME}, {@code POD_NAMESPACE}, {@code
     * NODE_NAME}, {@code ISTIO_META_*} and {@code ISTIO_METAJSON_*}.
     *
     * @throws IllegalArgumentException when an {@code ISTIO_METAJSON_*} is not JSON
     */
    public static NodeInfo ofZtunnel(Map<String, String> environment) {
        String ip = environment.getOrDefault("INSTANCE_IP", "1.1.1.1");
        String pod = environment.getOrDefault("POD_NAME", "");
        String namespace = environment.getOrDefault("POD_NAMESPACE", "");
        Map<String, Object> metadata = new LinkedHashMap<>();
        metadata.put("NAME", pod);
        metadata.put("NAMESPACE", namespace);
        metadata.put("INSTANCE_IPS", ip);
        metadata.put("NODE_NAME", environment.getOrDefault("NODE_NAME", ""));
        environment.forEach((name, value) -> {
            if (name.startsWith(META)) {
                metadata.put(name.substring(META.length()), value);
            } else if (name.startsWith(META_JSON)) {
                metadata.put(name.substring(META_JSON.length()), json(name, value));
            }
        });
        return new NodeInfo(
                "ztunnel~" + ip + "~" + pod + "." + namespace + "~" + namespace + ".svc.cluster.local", "", metadata);
    }

    /** The name of the machine, metadata {@code NODE_NAME}; empty when it is not told. */
    public String nodeName() {
        return metadata.get("NODE_NAME") instanceof String name ? name : "";
    }

    /** The same, with a version that it tells, metadata {@code ISTIO_VERSION}, unless it tells one already. */
    public NodeInfo withVersion(String version) {
        Map<String, Object> told = new LinkedHashMap<>(metadata);
        told.putIfAbsent(VERSION, version);
        return new NodeInfo(id, cluster, told);
    }

    /** Its version, metadata {@code ISTIO_VERSION}; empty when it is not told. */
    public String version() {
        return metadata.get(VERSION) instanceof String version ? version : "";
    }

    /** What a request says. */
    public static NodeInfo of(Node node) {
        Map<String, Object> metadata = new LinkedHashMap<>();
        node.getMetadata().getFieldsMap().forEach((name, value) -> {
            Object plain = plain(value);
            if (plain != null) {
                metadata.put(name, plain);
            }
        });
        return new NodeInfo(node.getId(), node.getCluster(), metadata);
    }

    /** As requests say it. */
    Node toNode() {
        return Node.newBuilder()
                .setId(id)
                .setCluster(cluster)
                .setMetadata(struct(metadata))
                .build();
    }

    private static Object json(String name, String text) {
        try {
            Object value = new Load(LoadSettings.builder().build()).loadFromString(text);
            return value == null ? "" : value;
        } catch (YamlEngineException e) {
            throw new IllegalArgumentException(name + ": " + text + " (expected: JSON)", e);
        }
    }

    private static Struct struct(Map<?, ?> map) {
        Struct.Builder struct = Struct.newBuilder();
        map.forEach((name, value) -> struct.putFields(String.valueOf(name), value(value)));
        return struct.build();
    }

    private static Value value(@Nullable Object plain) {
        Value.Builder value = Value.newBuilder();
        if (plain == null) {
            return value.setNullValue(NullValue.NULL_VALUE).build();
        } else if (plain instanceof Boolean flag) {
            return value.setBoolValue(flag).build();
        } else if (plain instanceof Number number) {
            return value.setNumberValue(number.doubleValue()).build();
        } else if (plain instanceof Map<?, ?> map) {
            return value.setStructValue(struct(map)).build();
        } else if (plain instanceof List<?> list) {
            ListValue.Builder values = ListValue.newBuilder();
            list.forEach(element -> values.addValues(value(element)));
            return value.setListValue(values).build();
        }
        return value.setStringValue(plain.toString()).build();
    }

    private static @Nullable Object plain(Value value) {
        return switch (value.getKindCase()) {
            case STRING_VALUE -> value.getStringValue();
            case NUMBER_VALUE -> value.getNumberValue();
            case BOOL_VALUE -> value.getBoolValue();
            case STRUCT_VALUE ->
                of(Node.newBuilder().setMetadata(value.getStructValue()).build()).metadata;
            case LIST_VALUE -> {
                List<Object> list = new ArrayList<>();
                value.getListValue().getValuesList().forEach(element -> {
                    Object plain = plain(element);
                    if (plain != null) {
                        list.add(plain);
                    }
                });
                yield list;
            }
            case NULL_VALUE, KIND_NOT_SET -> null;
        };
    }
}
