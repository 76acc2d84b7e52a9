package io.hbone.node.admin;

import io.hbone.node.config.LogLevels;
import io.hbone.node.explain.ExplainPage;
import io.hbone.node.http.HttpQuery;
import io.hbone.node.http.HttpReply;
import io.hbone.node.http.HttpService;
import io.hbone.node.identity.HeldIdentities;
import io.hbone.node.text.Json;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The admin pages (spec/ztunnel.md 11). */
public final class AdminPage implements HttpService {
    private static final Logger log = LoggerFactory.getLogger(AdminPage.class);

    private static final String HOME = """
            <!DOCTYPE html>
            <html lang="en">
            <head><meta charset="utf-8"><title>hbone admin</title></head>
            <body>
            <h1>hbone admin</h1>
            <table>
            <tr><td><a href="config_dump">config_dump</a></td><td>what the node knows and how it is set up</td></tr>
            <tr><td><a href="identities">identities</a></td><td>the certificates that it holds; hbone identity shows them</td></tr>
            <tr><td>explain</td><td>what would happen to a connection: ?src=WORKLOAD&amp;dst=NAME:PORT</td></tr>
            <tr><td>logging</td><td>POST: how much is logged; ?level=LEVEL or ?level=LOGGER=LEVEL,... changes it, &amp;reset undoes</td></tr>
            <tr><td>quitquitquit</td><td>POST: drain and exit</td></tr>
            </table>
            </body>
            </html>
            """;

    /** The paths are stock ztunnel's; the JVM has no profiles in that format, and tools of its own. */
    private static final String NO_PPROF = """
            a JVM does not write pprof profiles; in the node's container, or on its machine as the same user:

            jcmd <pid> JFR.start duration=30s filename=/tmp/node.jfr    (processor time, locks, allocation; open with JDK Mission Control)
            jcmd <pid> GC.class_histogram                               (what is on the heap)
            jcmd <pid> GC.heap_dump /tmp/node.hprof                     (all of it)
            """;

    private static final String LOGGING_USAGE = """
            usage: POST /logging                                        (to list the current level)
            usage: POST /logging?level=<level>                          (to change the level of all loggers)
            usage: POST /logging?level=<logger1>=<level1>,<logger2>=... (to change the levels of some loggers)
            usage: POST /logging?reset                                  (to go back to what the node started with)

            levels: error|warn|info|debug|trace|off
            loggers: access, tunnel, io.hbone.netty, ...
            """;

    private final ConfigDump dump;
    private final HeldIdentities identities;
    private final HttpService explain;
    private final LogLevels initial;
    private final Supplier<LogLevels> levels;
    private final Consumer<LogLevels> setLevels;
    private final Runnable shutdown;

    /**
     * @param explain answers {@link ExplainPage#PATH}
     * @param initial the levels that the node started with
     * @param levels the levels of now
     * @param setLevels changes them
     * @param shutdown starts the drain and returns at once
     */
    public AdminPage(
            ConfigDump dump,
            HeldIdentities identities,
            HttpService explain,
            LogLevels initial,
            Supplier<LogLevels> levels,
            Consumer<LogLevels> setLevels,
            Runnable shutdown) {
        this.dump = dump;
        this.identities = identities;
        this.explain = explain;
        this.initial = initial;
        this.levels = levels;
        this.setLevels = setLevels;
        this.shutdown = shutdown;
    }

    @Override
    public CompletionStage<HttpReply> serve(HttpQuery query) {
        return query.path().equals(ExplainPage.PATH)
                ? explain.serve(query)
                : CompletableFuture.completedFuture(reply(query));
    }

    private HttpReply reply(HttpQuery query) {
        return switch (query.path()) {
            case "/" -> query.isGet() ? HttpReply.of(200, "text/html; charset=utf-8", HOME) : HttpReply.empty(405);
            case "/config_dump" ->
                query.isGet() ? HttpReply.of(200, "application/json", Json.pretty(dump.dump())) : HttpReply.empty(405);
            case "/identities" ->
                query.isGet()
                        ? HttpReply.of(200, "application/json", Json.pretty(identities.dump()))
                        : HttpReply.empty(405);
            case "/logging" -> changes(query) ? logging(query) : refused(query, LOGGING_USAGE);
            case "/quitquitquit" -> changes(query) ? quit() : refused(query, "usage: POST /quitquitquit\n");
            case "/debug/pprof/profile", "/debug/pprof/heap", "/debug/pprof/heap/profiling" ->
                HttpReply.text(501, NO_PPROF);
            default -> HttpReply.empty(404);
        };
    }

    /** Browsers send the origin with a POST that some other site's page makes: nobody's operator works that way. */
    private static boolean changes(HttpQuery query) {
        return query.isPost() && query.header("origin").isEmpty();
    }

    private static HttpReply refused(HttpQuery query, String usage) {
        return query.isPost()
                ? HttpReply.text(403, "requests of web pages are refused\n")
                : HttpReply.text(405, "Invalid HTTP method\n" + usage);
    }

    private HttpReply quit() {
        shutdown.run();
        return HttpReply.text(200, "shutdown now\n");
    }

    private HttpReply logging(HttpQuery query) {
        String level = query.parameter("level");
        boolean reset = query.parameters().containsKey("reset");
        if (!reset && (level == null || level.isEmpty())) {
            return HttpReply.text(200, "current log level is " + levels.get() + "\n");
        }
        LogLevels changed = reset ? initial : levels.get();
        if (level != null && !level.isEmpty()) {
            LogLevels and = changed.and(level);
            if (and == null) {
                return HttpReply.text(400, "Invalid level provided: " + Json.quote(level) + "\n" + LOGGING_USAGE);
            }
            changed = and;
        }
        setLevels.accept(changed);
        log.info("log level changed to {}", changed);
        return HttpReply.text(200, "new log level is " + changed + "\n");
    }
}
