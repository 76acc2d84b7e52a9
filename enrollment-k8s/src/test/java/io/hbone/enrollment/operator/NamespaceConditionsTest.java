package io.hbone.enrollment.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NamespaceCondition;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.hbone.enrollment.Retries;
import io.hbone.enrollment.testing.ManualSchedule;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class NamespaceConditionsTest {
    private static final Duration A_WHILE = Duration.ofSeconds(5);

    private final ManualSchedule time = new ManualSchedule();
    private final Memory memory = new Memory();
    private final List<String> written = new ArrayList<>();
    private final Queue<Integer> refusals = new ArrayDeque<>();
    private boolean remembers = true;
    private boolean leading = true;
    private final NamespaceConditions conditions = new NamespaceConditions(
            memory,
            this::write,
            () -> leading,
            time,
            new Retries(Duration.ofMillis(100), Duration.ofMillis(100)),
            time.clock(Instant.parse("2026-11-23T08:00:00Z")),
            new Random(1));

    /** What the operator remembers of the API server. */
    private static final class Memory implements NamespaceConditions.Namespaces {
        private final Map<String, NamespaceCondition> known = new HashMap<>();

        @Override
        public boolean exists(String namespace) {
            return known.containsKey(namespace);
        }

        @Override
        public @Nullable NamespaceCondition condition(String namespace) {
            return known.get(namespace);
        }
    }

    private void write(String namespace, @Nullable NamespaceCondition condition) {
        Integer refusal = refusals.poll();
        if (refusal != null) {
            throw new KubernetesClientException("no", refusal, null);
        }
        written.add(namespace + ' ' + (condition == null ? "-" : condition.getStatus()));
        if (remembers) {
            memory.known.put(namespace, condition);
        }
    }

    /** One that is there, and has no condition. */
    private void namespace(String name) {
        memory.known.put(name, null);
    }

    private static NamespaceReport good(String namespace, int accounts) {
        return new NamespaceReport(namespace, true, accounts, accounts, 0, "");
    }

    private static NamespaceReport gone(String namespace) {
        return new NamespaceReport(namespace, false, 0, 0, 0, "");
    }

    @Test
    void whatIsThereAlready_isNotWritten_andWhoLeftHasNothing() {
        namespace("shop");
        for (int i = 0; i < 3; i++) {
            conditions.set(good("shop", 2));
            time.pass(A_WHILE);
        }
        assertThat(written).containsExactly("shop True");

        conditions.set(gone("shop"));
        time.pass(A_WHILE);
        assertThat(written).containsExactly("shop True", "shop -");
        assertThat(conditions.reports()).isEmpty();
    }

    /** DEFECT: each service account that came was told by itself. */
    @Test
    void namespaceThatChangesAllTheTime_isWrittenOnceASecond_andEndsAsItIs() {
        namespace("shop");
        for (int accounts = 1; accounts <= 30; accounts++) {
            conditions.set(good("shop", accounts));
            time.pass(Duration.ofMillis(100));
        }
        time.pass(A_WHILE);

        assertThat(written).hasSizeBetween(2, 4);
        NamespaceCondition last = memory.known.get("shop");
        assertThat(last).isNotNull();
        assertThat(last.getMessage()).startsWith("30 of 30 ");
    }

    /** DEFECT: until the operator heard of its own write, each look at the namespace wrote again. */
    @Test
    void writeThatIsNotRememberedYet_isNotRepeatedAtOnce() {
        namespace("shop");
        remembers = false;
        for (int i = 0; i < 9; i++) {
            conditions.set(good("shop", 2));
            time.pass(Duration.ofMillis(100));
        }
        assertThat(written).containsExactly("shop True");
    }

    @Test
    void whoHasLeftBeforeTheSecondIsOver_isStillTakenBack() {
        namespace("shop");
        conditions.set(good("shop", 1));
        time.pass(Duration.ZERO);
        conditions.set(gone("shop"));
        time.pass(Duration.ofMillis(100));
        assertThat(conditions.reports()).hasSize(1);

        time.pass(A_WHILE);
        assertThat(written).containsExactly("shop True", "shop -");
        assertThat(conditions.reports()).isEmpty();
    }

    /** 0 and 503: the API server is away; 403: rights are missing at one; 404: it has gone. */
    @Test
    void refusedWrites_areTriedAgain_butNotOfWhatHasGone() {
        refusals.addAll(List.of(0, 503, 404, 403));
        for (String name : List.of("a", "b", "c")) {
            namespace(name);
            conditions.set(good(name, 1));
        }
        time.pass(A_WHILE);

        assertThat(written).containsExactly("c True", "b True");
    }

    @Test
    void whoDoesNotLead_writesNothing() {
        namespace("shop");
        leading = false;
        conditions.set(good("shop", 1));
        time.pass(A_WHILE);
        assertThat(written).isEmpty();
    }
}
