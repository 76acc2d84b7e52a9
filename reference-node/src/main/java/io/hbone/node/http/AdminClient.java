package io.hbone.node.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Asks a running node by its admin port, and never by a proxy. Blocks its caller, for 10 s at most between two bytes. */
public final class AdminClient {
    private static final int PATIENCE_MILLIS = 10_000;

    /** More than a node with 50,000 workloads has to say. */
    private static final int MAX_ANSWER = 64 << 20;

    private AdminClient() {}

    /**
     * What a page says.
     *
     * @param body as UTF-8
     * @param marker the value of the header that was asked for; null when there is none
     */
    public record Answer(int status, String body, @Nullable String marker) {}

    /**
     * Asks for a page, whatever its status.
     *
     * @param address {@code host:port}
     * @param page its path, and its query
     * @param marker a header whose value is wanted
     * @throws IOException when nobody answers there who speaks HTTP; its message says who was asked, and what to look at
     */
    public static Answer get(String address, String page, String marker) throws IOException {
        HttpURLConnection connection;
        try {
            connection = (HttpURLConnection)
                    URI.create("http://" + address + page).toURL().openConnection(Proxy.NO_PROXY);
        } catch (IllegalArgumentException e) {
            throw new IOException("admin port: " + address + " (expected: host:port)", e);
        }
        connection.setConnectTimeout(PATIENCE_MILLIS);
        connection.setReadTimeout(PATIENCE_MILLIS);
        try {
            int status = connection.getResponseCode();
            boolean error = status >= HttpURLConnection.HTTP_BAD_REQUEST;
            try (InputStream body = error ? connection.getErrorStream() : connection.getInputStream()) {
                String text = body == null ? "" : new String(body.readNBytes(MAX_ANSWER), StandardCharsets.UTF_8);
                return new Answer(status, text, connection.getHeaderField(marker));
            }
        } catch (IOException e) {
            throw new IOException(
                    "node at " + address + ": " + e.getMessage()
                            + " (expected: the admin port of a running node; --admin names another)",
                    e);
        } finally {
            connection.disconnect();
        }
    }
}
