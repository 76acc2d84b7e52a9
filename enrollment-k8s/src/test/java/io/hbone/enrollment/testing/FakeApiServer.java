package io.hbone.enrollment.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.IntFunction;

/**
 * Lists and watches as an API server answers them, of objects that a function writes: for clusters that are too large for a real one
 * here, and for what a real one does not do when a test wants it. Lists come in pages; who has no kind here gets an empty list.
 */
public final class FakeApiServer implements AutoCloseable {
    private static final String END = "";
    private static final int NOT_AVAILABLE = 503;

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "fake-api");
        thread.setDaemon(true);
        return thread;
    });
    private final Map<String, Content> contents = new ConcurrentHashMap<>();
    private final Map<String, List<BlockingQueue<String>>> watches = new ConcurrentHashMap<>();

    private record Content(int count, IntFunction<String> objects) {}

    private FakeApiServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::answer);
    }

    /** Starts one. */
    public static FakeApiServer start() {
        try {
            FakeApiServer api = new FakeApiServer();
            api.server.start();
            return api;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where it is. */
    public String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/";
    }

    /**
     * What lists have from now on; watches hear nothing of it.
     *
     * @param path such as {@code /api/v1/pods}
     * @param objects writes the object of each number below {@code count} as JSON
     */
    public void list(String path, int count, IntFunction<String> objects) {
        contents.put(path, new Content(count, objects));
    }

    /** Tells watches of an object. */
    public void event(String path, String type, String object) {
        // Events end where their line does.
        send(path, "{\"type\":\"" + type + "\",\"object\":" + object.replace("\n", " ") + "}\n");
    }

    /** Tells watches that they ask for what is too long ago, and ends them. */
    public void expire(String path) {
        event(
                path,
                "ERROR",
                "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"reason\":\"Expired\","
                        + "\"message\":\"too old resource version: 1 (2)\",\"code\":410}");
        send(path, END);
    }

    /** How many watches there are at this moment. */
    public int watches(String path) {
        return watches.getOrDefault(path, List.of()).size();
    }

    @Override
    public void close() {
        watches.keySet().forEach(path -> send(path, END));
        server.stop(0);
        threads.shutdownNow();
    }

    private void send(String path, String line) {
        watches.getOrDefault(path, List.of()).forEach(watch -> watch.add(line));
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            Map<String, String> query = query(exchange.getRequestURI());
            if ("websocket".equalsIgnoreCase(exchange.getRequestHeaders().getFirst("Upgrade"))) {
                // No WebSocket: the client then watches by a response that does not end.
                exchange.sendResponseHeaders(NOT_AVAILABLE, -1);
            } else if ("true".equals(query.get("watch"))) {
                watch(exchange, key(exchange, query));
            } else {
                list(exchange, key(exchange, query), query);
            }
        }
    }

    private static String key(HttpExchange exchange, Map<String, String> query) {
        String path = exchange.getRequestURI().getPath();
        return path.endsWith("customresourcedefinitions") ? path + '?' + query.get("fieldSelector") : path;
    }

    private void list(HttpExchange exchange, String path, Map<String, String> query) throws IOException {
        Content content = contents.getOrDefault(path, new Content(0, number -> ""));
        int from = Integer.parseInt(query.getOrDefault("continue", "0"));
        int to = Math.min(content.count(), from + Integer.parseInt(query.getOrDefault("limit", "500")));
        StringBuilder page =
                new StringBuilder("{\"kind\":\"List\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"1\"");
        if (to < content.count()) {
            page.append(",\"continue\":\"").append(to).append('"');
        }
        page.append("},\"items\":[");
        for (int i = from; i < to; i++) {
            page.append(i == from ? "" : ",").append(content.objects().apply(i));
        }
        byte[] body = page.append("]}").toString().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
    }

    private void watch(HttpExchange exchange, String path) throws IOException {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        List<BlockingQueue<String>> all = watches.computeIfAbsent(path, key -> new CopyOnWriteArrayList<>());
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, 0);
        all.add(events);
        try (OutputStream out = exchange.getResponseBody()) {
            out.flush();
            for (String event = events.take(); !event.equals(END); event = events.take()) {
                out.write(event.getBytes(StandardCharsets.UTF_8));
                out.flush();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            all.remove(events);
        }
    }

    private static Map<String, String> query(URI uri) {
        Map<String, String> query = new HashMap<>();
        if (uri.getQuery() != null) {
            for (String pair : uri.getQuery().split("&", -1)) {
                int equals = pair.indexOf('=');
                query.put(pair.substring(0, equals), pair.substring(equals + 1));
            }
        }
        return query;
    }
}
