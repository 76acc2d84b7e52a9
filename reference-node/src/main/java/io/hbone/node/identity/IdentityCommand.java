package io.hbone.node.identity;

import io.hbone.node.text.Json;
import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code hbone identity}: what a node, or a Workload API, holds at this moment. */
@Command(
        name = "identity",
        description = {
            "Shows the certificates that a running node holds: whose they are, until when, where from, and what went"
                    + " wrong last.",
            "With --workload-api it asks a SPIFFE Workload API instead, as an application would."
        },
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:every workload has a valid certificate",
            "1:the command line is wrong",
            "2:a workload has none, or there is no workload",
            "3:nobody answered"
        },
        mixinStandardHelpOptions = true)
public final class IdentityCommand implements Callable<Integer> {
    private static final int NOT_SERVING = 2;
    private static final int NO_ANSWER = 3;

    @Option(
            names = "--admin",
            paramLabel = "HOST:PORT",
            defaultValue = "127.0.0.1:15000",
            description = "The node's admin port (default: ${DEFAULT-VALUE}).")
    private String admin = "";

    @Option(
            names = "--workload-api",
            paramLabel = "SOCKET",
            description = "A Workload API's socket, as unix:///path or a path.")
    private @Nullable String workloadApi;

    @Option(names = "--json", description = "Prints JSON, as the admin page /identities does.")
    private boolean json;

    @Override
    public Integer call() {
        List<Map<String, Object>> identities;
        try {
            String socket = workloadApi;
            identities = socket == null ? AdminQuery.identities(admin) : WorkloadApiQuery.identities(socket);
        } catch (IOException | IllegalArgumentException e) {
            System.err.println("hbone identity: " + e.getMessage());
            return NO_ANSWER;
        }
        System.out.print(
                json
                        ? Json.pretty(identities)
                        : IdentityTable.of(identities, Clock.systemUTC().instant()));
        boolean serving = !identities.isEmpty()
                && identities.stream().allMatch(identity -> Boolean.TRUE.equals(identity.get("serving")));
        return serving ? 0 : NOT_SERVING;
    }
}
