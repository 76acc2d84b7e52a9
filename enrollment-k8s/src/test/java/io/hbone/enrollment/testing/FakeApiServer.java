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
import java.util.Set;
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
    private static final int OK = 200;
    private static final int NOT_AVAILABLE = 503;
    private static final int GONE = 410;
    private static final String EXPIRED =
            "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"reason\":\"Expired\","
                    + "\"message\":\"too old resource version: 1 (2)\",\"code\":410}";

    /** More than a test's events count on. */
    private static final long FORGOTTEN = 1000;

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "fake-api");
        thread.setDaemon(true);
        return thread;
    });
    private final Map<String, Content> contents = new ConcurrentHashMap<>();
    private final Map<String, List<BlockingQueue<String>>> watches = new ConcurrentHashMap<>();
    private final Map<String, Long> oldest = new ConcurrentHashMap<>();
    private final Set<String> refusedByStatus = ConcurrentHashMap.newKeySet();
    private final Map<String, Integer> refused = new ConcurrentHashMap<>();

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
        send(path, line(type, object));
    }

    private static String line(String type, String object) {
        // Events end where their line does.
        return "{\"type\":\"" + type + "\",\"object\":" + object.replace("\n", " ") + "}\n";
    }

    /**
     * Forgets what has been so far, as when it is compacted: watches are told by an event that they ask for what is too long ago, and
     * end; later ones likewise, until they ask for what the next list has.
     */
    public void expire(String path) {
        forget(path);
        event(path, "ERROR", EXPIRED);
        send(path, END);
    }

    /** The same, but watches end without a word, and later ones are refused by the status code of the answer. */
    public void expireByStatus(String path) {
        refusedByStatus.add(path);
        forget(path);
        send(path, END);
    }

    private void forget(String path) {
        oldest.merge(path, FORGOTTEN, Long::sum);
    }

    private long oldest(String path) {
        return oldest.getOrDefault(path, 0L) + 1;
    }

    /** How many watches have been refused by the status code of the answer. */
    public int refused(String path) {
        return refused.getOrDefault(path, 0);
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
                watch(exchange, key(exchange, query), query);
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
        StringBuilder page = new StringBuilder(
                        "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"")
                .append(oldest(path))
                .append('"');
        if (to < content.count()) {
            page.append(",\"continue\":\"").append(to).append('"');
        }
        page.append("},\"items\":[");
        for (int i = from; i < to; i++) {
            page.append(i == from ? "" : ",").append(content.objects().apply(i));
        }
        send(exchange, OK, page.append("]}").toString());
    }

    private static void send(HttpExchange exchange, int code, String json) throws IOException {
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(code, body.length);
        exchange.getResponseBody().write(body);
    }

    private void watch(HttpExchange exchange, String path, Map<String, String> query) throws IOException {
        boolean tooLate = Long.parseLong(query.getOrDefault("resourceVersion", "0")) < oldest(path);
        if (tooLate && refusedByStatus.contains(path)) {
            refused.merge(path, 1, Integer::sum);
            send(exchange, GONE, EXPIRED);
            return;
        }
        if (tooLate) {
            send(exchange, OK, line("ERROR", EXPIRED));
            return;
        }
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        List<BlockingQueue<String>> all = watches.computeIfAbsent(path, key -> new CopyOnWriteArrayList<>());
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(OK, 0);
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
