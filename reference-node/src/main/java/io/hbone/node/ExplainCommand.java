package io.hbone.node;

import io.hbone.core.TrustDomain;
import io.hbone.node.config.ConfigException;
import io.hbone.node.config.ListenPlan;
import io.hbone.node.config.LocalXds;
import io.hbone.node.explain.ExplainPage;
import io.hbone.node.explain.Explanation;
import io.hbone.node.http.AdminClient;
import io.hbone.node.mesh.Mesh;
import io.hbone.node.text.Json;
import io.hbone.xds.routing.HostnameResolver;
import io.hbone.xds.routing.RoutingSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.HttpURLConnection;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hbone explain}: what would happen to a connection, and by which resources. */
@Command(
        name = "explain",
        description = {
            "Says what would happen to a connection: the route, the endpoint, the identity that is expected, the"
                    + " policy that decides, each with the resource that it comes from.",
            "It asks a running node, or reads a local file. Exit codes: 0 allowed, 2 not allowed, 1 not known."
        },
        mixinStandardHelpOptions = true)
final class ExplainCommand implements Callable<Integer> {
    private static final int EXIT_UNKNOWN = 1;
    private static final int EXIT_NOT_ALLOWED = 2;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Parameters(
            index = "0",
            paramLabel = "SRC",
            description = "The client: a workload's uid, namespace/name or address.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private String source;

    @Parameters(
            index = "1",
            paramLabel = "DST:PORT",
            description = "Where it connects to: an address, a service's host name, or a workload as for SRC.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private String destination;

    @Option(
            names = "--admin",
            paramLabel = "HOST:PORT",
            defaultValue = "127.0.0.1:15000",
            description = "The admin port of the node that is asked; ${DEFAULT-VALUE} if not said.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private String admin;

    @Option(names = "--file", paramLabel = "FILE", description = "Ask nobody: the mesh is what this local file says.")
    private @Nullable Path file;

    @Option(
            names = "--network",
            defaultValue = "",
            description = "With --file: the network of the node; none if not said.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private String network;

    @Option(
            names = "--trust-domain",
            defaultValue = "cluster.local",
            description = "With --file: of workloads that name none; ${DEFAULT-VALUE} if not said.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private String trustDomain;

    @Option(names = "--json", description = "JSON instead of a table.")
    private boolean json;

    @Override
    public Integer call() {
        try {
            return file == null ? ask() : read(file);
        } catch (ConfigException | IllegalArgumentException | IOException e) {
            return failed(String.valueOf(e.getMessage()));
        } catch (CompletionException e) {
            return failed(String.valueOf(e.getCause()));
        }
    }

    private int read(Path path) {
        RoutingSettings settings =
                new RoutingSettings(network, Set.of(15001, 15006, ListenPlan.HBONE), false, true, true);
        try (Mesh mesh = Mesh.load(new LocalXds.File(path), TrustDomain.of(trustDomain))) {
            Explanation explanation = mesh.explainer(settings, HostnameResolver.system(Runnable::run))
                    .explain(source, destination)
                    .toCompletableFuture()
                    .join();
            print(json ? Json.pretty(explanation.toMap()) : explanation.toTable());
            return explanation.allowed() ? 0 : EXIT_NOT_ALLOWED;
        }
    }

    private int ask() throws IOException {
        String query = ExplainPage.PATH + "?src=" + encoded(source) + "&dst=" + encoded(destination)
                + (json ? "&format=json" : "");
        AdminClient.Answer answer = AdminClient.get(admin, query, ExplainPage.ALLOWED);
        String allowed = answer.marker();
        if (answer.status() != HttpURLConnection.HTTP_OK || allowed == null) {
            return failed("node at " + admin + ": " + answer.status() + " "
                    + answer.body().strip());
        }
        print(answer.body());
        return allowed.equals("true") ? 0 : EXIT_NOT_ALLOWED;
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private void print(String text) {
        PrintWriter out = spec.commandLine().getOut();
        out.print(text);
        out.flush();
    }

    private int failed(String why) {
        spec.commandLine().getErr().println("hbone explain: " + why);
        return EXIT_UNKNOWN;
    }
}
