package io.hbone.node.identity;

import io.hbone.node.http.AdminClient;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/** Asks a running node what it holds. */
public final class AdminQuery {
    private static final String PAGE = "/identities";

    private AdminQuery() {}

    /**
     * What the page {@code /identities} says.
     *
     * @param address {@code host:port}
     * @throws IOException when nobody answers there, or somebody who is no node
     */
    public static List<Map<String, Object>> identities(String address) throws IOException {
        AdminClient.Answer answer = AdminClient.get(address, PAGE, "Content-Type");
        String page = "http://" + address + PAGE;
        if (answer.status() != HttpURLConnection.HTTP_OK) {
            throw new IOException(
                    page + ": HTTP status " + answer.status() + " (expected: 200 from the admin port of hbone proxy)");
        }
        return read(page, answer.body());
    }

    /** JSON is YAML. */
    private static List<Map<String, Object>> read(String page, String text) throws IOException {
        LoadSettings settings =
                LoadSettings.builder().setCodePointLimit(Integer.MAX_VALUE).build();
        try {
            List<Map<String, Object>> identities = new ArrayList<>();
            if (new Load(settings).loadFromString(text) instanceof List<?> list) {
                for (Object item : list) {
                    if (item instanceof Map<?, ?> map) {
                        Map<String, Object> identity = new LinkedHashMap<>();
                        map.forEach((key, value) -> identity.put(String.valueOf(key), value));
                        identities.add(identity);
                    }
                }
                return identities;
            }
        } catch (YamlEngineException e) {
            throw new IOException(page + ": no JSON (expected: that of the admin port of hbone proxy)", e);
        }
        throw new IOException(page + ": no list (expected: the page of hbone proxy)");
    }
}
