package io.hbone.node.agent;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/** Asks a running agent how it stands. */
public final class StatusClient {
    private static final int PATIENCE_MILLIS = 5_000;

    /** More than ten thousand workloads need. */
    private static final int MAX_ANSWER = 64 << 20;

    private StatusClient() {}

    /**
     * What {@link StatusDocument} says.
     *
     * @param admin {@code host:port}
     * @throws IOException when nobody answers there, or somebody who is no agent
     */
    public static Map<String, Object> ask(String admin) throws IOException {
        String page = "http://" + admin + AgentPages.STATUS;
        try {
            HttpURLConnection connection =
                    (HttpURLConnection) URI.create(page).toURL().openConnection(Proxy.NO_PROXY);
            connection.setConnectTimeout(PATIENCE_MILLIS);
            connection.setReadTimeout(PATIENCE_MILLIS);
            int status = connection.getResponseCode();
            if (status != HttpURLConnection.HTTP_OK) {
                throw new IOException("HTTP status " + status);
            }
            try (InputStream body = connection.getInputStream()) {
                return read(new String(body.readNBytes(MAX_ANSWER), StandardCharsets.UTF_8));
            } finally {
                connection.disconnect();
            }
        } catch (IOException | YamlEngineException | IllegalArgumentException e) {
            throw new IOException(
                    page + ": " + e.getMessage() + " (expected: an agent's admin port; --admin names another)", e);
        }
    }

    /** JSON is YAML. */
    private static Map<String, Object> read(String text) throws IOException {
        LoadSettings settings =
                LoadSettings.builder().setCodePointLimit(MAX_ANSWER).build();
        if (new Load(settings).loadFromString(text) instanceof Map<?, ?> map && map.containsKey("workloads")) {
            Map<String, Object> document = new LinkedHashMap<>();
            map.forEach((key, value) -> document.put(String.valueOf(key), value));
            return document;
        }
        throw new IOException("not what an agent says");
    }
}
