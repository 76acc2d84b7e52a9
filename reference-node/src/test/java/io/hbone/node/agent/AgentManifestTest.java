package io.hbone.node.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import picocli.CommandLine;

/** What the manifests say; what they let programs do is tested against a real API server. */
class AgentManifestTest {
    private static final Path FOLDER = Path.of("src/main/kubernetes");

    @SuppressWarnings("unchecked")
    private static Map<String, Object> podOfTheAgents() throws Exception {
        for (Object document : documents("agent.yaml")) {
            Map<String, Object> object = (Map<String, Object>) document;
            if ("DaemonSet".equals(object.get("kind"))) {
                return in(in(in(object, "spec"), "template"), "spec");
            }
        }
        throw new AssertionError("no DaemonSet");
    }

    private static Iterable<Object> documents(String manifest) throws Exception {
        return new Load(LoadSettings.builder().build()).loadAllFromString(Files.readString(FOLDER.resolve(manifest)));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> in(Map<String, Object> object, String key) {
        return (Map<String, Object>) object.get(key);
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> container() throws Exception {
        return ((List<Map<String, Object>>) podOfTheAgents().get("containers")).get(0);
    }

    /** With the variables that the manifest sets, the command line is one that the agent takes. */
    @Test
    @SuppressWarnings("unchecked")
    void daemonSet_followsTheCluster_andLetsProbesPassTheNode() throws Exception {
        List<String> arguments = (List<String>) container().get("args");
        assertThat(arguments.get(0)).isEqualTo("agent");
        CommandLine command = new CommandLine(new AgentCommand(CompletableFuture::new));

        CommandLine.ParseResult parsed =
                command.parseArgs(arguments.subList(1, arguments.size()).toArray(String[]::new));

        assertThat(parsed.matchedOptionsSet())
                .extracting(CommandLine.Model.OptionSpec::longestName)
                .containsExactlyInAnyOrder("--kubernetes", "--exempt-probes");
        assertThat((List<Map<String, Object>>) container().get("env"))
                .extracting(variable -> variable.get("name"))
                .containsExactly("NODE_NAME", "POD_NAME", "POD_NAMESPACE");
    }

    /** Probes are the kubelet's, whose network is the machine's. */
    @Test
    void daemonSet_hasTheMachinesNetwork_andNoRightThatItDoesNotNeed() throws Exception {
        assertThat(podOfTheAgents()).containsEntry("hostNetwork", true).containsEntry("hostPID", true);
        Map<String, Object> rights = in(container(), "securityContext");
        assertThat(rights).containsEntry("allowPrivilegeEscalation", false).doesNotContainKey("privileged");
        assertThat(in(rights, "capabilities"))
                .containsEntry("drop", List.of("ALL"))
                .containsEntry("add", List.of("SYS_ADMIN", "NET_ADMIN", "NET_RAW", "SYS_PTRACE"));
    }

    /** Above each rule, its verbs with their reasons; list and watch are the same everywhere, and explained once. */
    @ParameterizedTest
    @ValueSource(strings = {"agent.yaml", "operator-rbac.yaml"})
    void everyVerb_hasItsReason(String manifest) throws Exception {
        List<String> lines = Files.readAllLines(FOLDER.resolve(manifest));
        String comments = lines.stream().filter(AgentManifestTest::isComment).collect(Collectors.joining("\n"));
        assertThat(comments).contains("list: ").contains("watch: ");
        List<String> rules = new ArrayList<>();
        StringBuilder comment = new StringBuilder();
        for (String line : lines) {
            if (isComment(line)) {
                comment.append(line).append('\n');
            } else if (line.strip().startsWith("verbs:")) {
                for (Object verb : new TreeSet<>((List<?>) value(line))) {
                    rules.add(comment + " -> " + verb);
                    assertThat(verb).asString().isNotEqualTo("*");
                    boolean everywhere = List.of("list", "watch").contains(verb);
                    assertThat(comment.toString())
                            .as(line)
                            .containsPattern(everywhere ? "# \\S" : "\\b" + verb + "\\b");
                }
                comment.setLength(0);
            } else if (line.isBlank() || line.startsWith("---")) {
                comment.setLength(0);
            }
        }
        assertThat(rules).hasSizeGreaterThan(5);
    }

    private static boolean isComment(String line) {
        return line.strip().startsWith("#");
    }

    private static Object value(String line) {
        return ((Map<?, ?>) new Load(LoadSettings.builder().build()).loadFromString(line.strip())).get("verbs");
    }
}
