package io.hbone.node.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerThreadsTest {

    @ParameterizedTest
    @CsvSource({
        // asked, cpu limit, resource limit, request, cores, expected
        "'', '', '', '', 1, 2",
        "'', '', '', '', 8, 2",
        "'', '', '', '', 9, 3",
        "'', '', '', '', 64, 16",
        "'', '', '', 5, 8, 5",
        "'', '', '', 1500m, 8, 2",
        "'', '', 4, '', 64, 4",
        "'', '', 1.5, '', 64, 2",
        "'', '', 500m, '', 64, 1",
        "'', '', 1, 3, 64, 3",
        "'', 6, 4, '', 64, 6",
        "'', '', 0, '', 8, 2",
        "4, '', '', '', 64, 4",
        "1, '', 8, 8, 64, 1",
        "0, '', '', '', 64, 64",
        "0, '', 6, '', 64, 6",
        "50%, '', '', '', 8, 4",
        "50%, '', '', '', 3, 2",
        "1%, '', '', '', 8, 1",
        "25%, '', 8, '', 64, 2"
    })
    void count_followsTheOrderOfZtunnel(
            String asked, String limit, String resourceLimit, String request, int cores, int expected) {
        Map<String, String> variables = new HashMap<>();
        variables.put("ZTUNNEL_WORKER_THREADS", asked);
        variables.put("ZTUNNEL_CPU_LIMIT", limit);
        variables.put("ZTUNNEL_RESOURCE_CPU_LIMIT", resourceLimit);
        variables.put("ZTUNNEL_RESOURCE_CPU_REQUEST", request);

        assertThat(WorkerThreads.count(new Environment(variables), cores)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "-1", "101%", "0%", "%", "5000", "1.5"})
    void count_badNumber_saysWhatIsExpected(String asked) {
        Environment environment = new Environment(Map.of("ZTUNNEL_WORKER_THREADS", asked));

        assertThatThrownBy(() -> WorkerThreads.count(environment, 4))
                .isInstanceOf(ConfigException.class)
                .hasMessage("ZTUNNEL_WORKER_THREADS: \"" + asked
                        + "\" (expected: a number of threads, a share of the CPUs such as 50%, or 0 for all CPUs)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "-1", "NaN", "m", "99999"})
    void count_badCpus_saysWhatIsExpected(String limit) {
        Environment environment = new Environment(Map.of("ZTUNNEL_CPU_LIMIT", limit));

        assertThatThrownBy(() -> WorkerThreads.count(environment, 4))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("ZTUNNEL_CPU_LIMIT: \"" + limit + "\"");
    }
}
