package io.hbone.node.agent;

import io.hbone.enrollment.EnrollmentStatus.State;
import io.hbone.node.text.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hbone agent status}: how the agent of this machine and its workloads stand. */
@Command(
        name = "status",
        description = "Lists the workloads of this machine: how each one stands, since when, and what went wrong last.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:nothing fails; a workload may still be on its way",
            "1:the command line is wrong",
            "2:a workload fails, or the agent's file cannot be used",
            "3:nobody answered"
        },
        mixinStandardHelpOptions = true)
final class StatusCommand implements Callable<Integer> {
    private static final int FAILING = 2;
    private static final int NO_ANSWER = 3;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Option(
            names = "--admin",
            paramLabel = "HOST:PORT",
            defaultValue = "${env:HBONE_AGENT_ADMIN:-127.0.0.1:15014}",
            description = "The agent's admin port (default: ${DEFAULT-VALUE}).")
    private String admin = "";

    @Option(names = "--json", description = "Prints JSON, as the admin page /status does.")
    private boolean json;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try {
            Map<String, Object> status = StatusClient.ask(admin);
            out.print(
                    json
                            ? Json.pretty(status)
                            : StatusTable.of(status, Clock.systemUTC().instant()));
            out.flush();
            return isFailing(status) ? FAILING : 0;
        } catch (IOException e) {
            spec.commandLine().getErr().println("hbone agent status: " + e.getMessage());
            return NO_ANSWER;
        }
    }

    private static boolean isFailing(Map<String, Object> status) {
        boolean file = status.get("source") instanceof Map<?, ?> source && source.get("error") != null;
        return file
                || workloads(status).stream()
                        .anyMatch(workload -> State.FAILED.toString().equals(workload.get("state")));
    }

    @SuppressWarnings("unchecked") // whoever is no agent has no such list, and one that is has mappings in it
    static List<Map<String, @Nullable Object>> workloads(Map<String, Object> status) {
        return (List<Map<String, @Nullable Object>>) status.getOrDefault("workloads", List.of());
    }
}
