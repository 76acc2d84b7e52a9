package io.hbone.enrollment.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.hbone.enrollment.Retries;
import io.hbone.enrollment.directory.StrictMtlsConditions.Name;
import io.hbone.enrollment.kubernetes.ClusterClients;
import io.hbone.enrollment.testing.FakeApiServer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is told at StrictMtls, over an API server that does what a test wants. */
class StrictMtlsConditionsTest {
    private static final String DEFINITION =
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions?metadata.name=strictmtls.hbone.io";
    private static final String OBJECTS = "/apis/hbone.io/v1alpha1/strictmtls";
    private static final Instant NOW = Instant.parse("2026-11-23T08:00:00.5Z");

    private final FakeApiServer api = FakeApiServer.start();
    private final KubernetesClient client = ClusterClients.open(new ConfigBuilder(Config.empty())
            .withMasterUrl(api.url())
            .withRequestRetryBackoffLimit(0)
            .build());
    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
    private final List<String> written = new CopyOnWriteArrayList<>();
    private final List<Integer> refusals = new ArrayList<>(); // touched by the executor's thread once it is started
    private volatile boolean leading = true;
    private final StrictMtlsConditions conditions = new StrictMtlsConditions(
            client,
            this::write,
            () -> leading,
            executor,
            new Retries(Duration.ofMillis(10), Duration.ofMillis(50)),
            Clock.fixed(NOW, ZoneOffset.UTC),
            new Random(1));

    @AfterEach
    void close() {
        conditions.close();
        executor.shutdown();
        api.close();
        client.close();
    }

    private void write(Name object, AcceptedCondition condition) {
        if (!refusals.isEmpty()) {
            throw new KubernetesClientException("no", refusals.remove(0), null);
        }
        written.add(object.name() + " " + condition.accepted() + " " + condition.generation());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{} | True | Accepted | all of it can be read",
                "{mode: PERMISSIVE, exceptPorts: [80]} | True | Accepted | all of it can be read",
                "{selector: {matchLabels: {app.kubernetes.io/name: a}}} | True | Accepted | all of it can be read",
                "{mode: MAYBE} | False | Invalid | mode: 'MAYBE' (expected: STRICT or PERMISSIVE): taken for STRICT",
                "{exceptPorts: [70000]} | False | Invalid | exceptPorts: '70000' (expected: 1 to 65535): no exception",
                "{selector: {matchLabels: {app: a b}}} | False | Invalid |"
                        + " selector: 'app=a b' (expected: a label that a pod can have): no workload",
                "{selector: {matchLabels: {-app: a}}} | False | Invalid |"
                        + " selector: '-app=a' (expected: a label that a pod can have): no workload",
            })
    void condition_saysWhatAgentsMakeOfIt(String spec, String status, String reason, String message) {
        assertThat(standing(spec, "").wanted(null, NOW).fields())
                .isEqualTo(Map.of(
                        "type",
                        "Accepted",
                        "status",
                        status,
                        "reason",
                        reason,
                        "message",
                        message,
                        "observedGeneration",
                        3L,
                        "lastTransitionTime",
                        "2026-11-23T08:00:00Z"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{} | 2026-01-01T00:00:00Z | Conflicted |"
                        + " overruled by StrictMtls first, which is older and for all of its workloads",
                "{} | 2026-01-02T00:00:00Z | Conflicted | overruled by StrictMtls first, which is as old,"
                        + " first by name and for all of its workloads",
                "{exceptPorts: [0]} | 2026-01-01T00:00:00Z | Invalid |"
                        + " exceptPorts: '0' (expected: 1 to 65535): no exception; overruled by StrictMtls first,"
                        + " which is older and for all of its workloads",
            })
    void conditionOfWhatIsOverruled_saysByWhich(String spec, String created, String reason, String message) {
        StrictFacts first = StrictFacts.ofStrictMtls(Yaml.read(
                "{metadata: {name: first, namespace: shop, creationTimestamp: '" + created + "'}, spec: {}}",
                GenericKubernetesResource.class));

        AcceptedCondition wanted = standing(spec, "").wanted(first, NOW);

        assertThat(wanted).isEqualTo(new AcceptedCondition(false, reason, message, 3, "2026-11-23T08:00:00Z"));
    }

    @Test
    void overruledObject_isToldWhenItIs_andWhenItIsNoMore() {
        api.list(DEFINITION, 1, number -> definition());
        api.list(OBJECTS, 1, number -> object("shop", "b", 1, "{}"));
        conditions.start();
        until(() -> written.equals(List.of("b true 1")));

        // As old, and first by name.
        api.event(OBJECTS, "ADDED", object("shop", "a", 1, "{\"mode\": \"PERMISSIVE\"}"));
        until(() -> written.containsAll(List.of("a true 1", "b false 1")));
        api.event(OBJECTS, "DELETED", object("shop", "a", 1, "{\"mode\": \"PERMISSIVE\"}"));
        until(() -> written.size() == 4);
        assertThat(written.get(3)).isEqualTo("b true 1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // what is told, and of which generation; since when is what is to be told, and is it told already
                "True | 3 | 2026-11-22T00:00:00Z | true",
                "True | 2 | 2026-11-22T00:00:00Z | false",
                "False | 3 | 2026-11-23T08:00:00Z | false",
            })
    void conditionThatStays_keepsItsTime(String before, int generation, String since, boolean told) {
        StrictMtlsStanding standing = standing("{}", status(before, generation));
        AcceptedCondition wanted = standing.wanted(null, NOW);

        assertThat(wanted.since()).isEqualTo(since);
        assertThat(wanted.generation()).isEqualTo(3);
        assertThat(wanted.equals(standing.told())).isEqualTo(told);
    }

    @Test
    void eachIsTold_whenTheKindComes_andWhenItChanges_andNotAgain() {
        api.list(OBJECTS, 1, number -> object("a", 1, "{\"mode\": \"STRICT\"}"));
        conditions.start();
        until(() -> api.watches(DEFINITION) == 1);
        assertThat(written).isEmpty();

        api.event(DEFINITION, "ADDED", definition());
        until(() -> written.equals(List.of("a true 1")));
        until(() -> api.watches(OBJECTS) == 1);
        api.event(OBJECTS, "MODIFIED", object("a", 2, "{\"exceptPorts\": [0]}"));
        until(() -> written.equals(List.of("a true 1", "a false 2")));
        // As the API server has it from then on.
        api.event(OBJECTS, "MODIFIED", object("a", 2, """
            {"exceptPorts": [0]}, "status": {"conditions": [{"type": "Accepted", "status": "False", "reason": "Invalid",
             "message": "exceptPorts: '0' (expected: 1 to 65535): no exception", "observedGeneration": 2,
             "lastTransitionTime": "2026-11-22T00:00:00Z"}]}"""));
        api.event(OBJECTS, "ADDED", object("b", 1, "{}"));
        until(() -> written.contains("b true 1"));
        assertThat(written).containsExactly("a true 1", "a false 2", "b true 1");
    }

    @Test
    void whoDoesNotLead_writesNothing() throws Exception {
        leading = false;
        api.list(DEFINITION, 1, number -> definition());
        api.list(OBJECTS, 1, number -> object("a", 1, "{}"));
        conditions.start();
        until(() -> api.watches(OBJECTS) == 1);
        executor.submit(() -> {}).get(); // behind what has been queued
        leading = true;
        api.event(OBJECTS, "ADDED", object("b", 1, "{}"));
        until(() -> !written.isEmpty());
        assertThat(written).containsExactly("b true 1");
    }

    /** 403: as with rights from before; 503 and no answer at all: the API server is away; 404: it has gone meanwhile. */
    @Test
    void refusedWrites_areTriedAgain_butNotOfWhatHasGone() {
        refusals.addAll(List.of(404, 403, 503, 0));
        api.list(DEFINITION, 1, number -> definition());
        api.list(OBJECTS, 2, number -> object("n" + number, 1, "{}"));
        conditions.start();
        until(() -> !written.isEmpty());
        api.event(OBJECTS, "ADDED", object("last", 1, "{}"));
        until(() -> written.contains("last true 1"));
        assertThat(written).hasSize(2);
    }

    private static StrictMtlsStanding standing(String spec, String status) {
        return StrictMtlsStanding.of(Yaml.read(
                "{metadata: {name: n, namespace: shop, generation: 3, creationTimestamp: '2026-01-02T00:00:00Z'}, spec: "
                        + spec + status + "}",
                GenericKubernetesResource.class));
    }

    private static String status(String status, int generation) {
        return """
            , status: {conditions: [{type: Other}, {type: Accepted, status: "%s", reason: Accepted,
            message: all of it can be read, observedGeneration: %d, lastTransitionTime: "2026-11-22T00:00:00Z"}]}""".formatted(status, generation);
    }

    private static String definition() {
        return """
            {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
             "metadata": {"name": "strictmtls.hbone.io", "resourceVersion": "2"},
             "spec": {"versions": [{"name": "v1alpha1", "served": true}]},
             "status": {"conditions": [{"type": "Established", "status": "True"}]}}
            """;
    }

    /** In a namespace of its own: no other overrules it. */
    private static String object(String name, int generation, String spec) {
        return object("of-" + name, name, generation, spec);
    }

    private static String object(String namespace, String name, int generation, String spec) {
        return """
            {"apiVersion": "hbone.io/v1alpha1", "kind": "StrictMtls",
             "metadata": {"name": "%s", "namespace": "%s", "generation": %d, "resourceVersion": "%d"}, "spec": %s}
            """.formatted(name, namespace, generation, generation, spec);
    }

    private static void until(Callable<Boolean> condition) {
        await().atMost(Duration.ofSeconds(60)).until(condition);
    }
}
