package io.hbone.node.identity;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/** Asks a running node by its admin port. */
final class AdminClient {
    private static final int PATIENCE_MILLIS = 5_000;

    /** More than ten thousand workloads need. */
    private static final int MAX_ANSWER = 64 << 20;

    private AdminClient() {}

    /**
     * What the page {@code /identities} says.
     *
     * @param address {@code host:port}
     * @throws IOException when nobody answers there, or somebody who is no node
     */
    static List<Map<String, Object>> identities(String address) throws IOException {
        URI page = URI.create("http://" + address + "/identities");
        HttpURLConnection connection = (HttpURLConnection) page.toURL().openConnection();
        connection.setConnectTimeout(PATIENCE_MILLIS);
        connection.setReadTimeout(PATIENCE_MILLIS);
        try {
            int status = connection.getResponseCode();
            if (status != HttpURLConnection.HTTP_OK) {
                throw new IOException(
                        page + ": HTTP status " + status + " (expected: 200 from the admin port of hbone proxy)");
            }
            try (InputStream body = connection.getInputStream()) {
                return read(page, new String(body.readNBytes(MAX_ANSWER), StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            throw e.getMessage() != null && e.getMessage().startsWith(page.toString())
                    ? e
                    : new IOException(
                            page + ": " + e.getMessage() + " (expected: a node's admin port; --admin names another)",
                            e);
        } finally {
            connection.disconnect();
        }
    }

    /** JSON is YAML. */
    private static List<Map<String, Object>> read(URI page, String text) throws IOException {
        LoadSettings settings =
                LoadSettings.builder().setCodePointLimit(MAX_ANSWER).build();
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
