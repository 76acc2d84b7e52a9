package io.hbone.identity.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ContainerInfoTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"sandboxID\":\"x\",\"pid\":4711,\"removing\":false} | 4711",
                "{\"pid\": 0}                 | 0",
                "{\"pid\": -5}                | 0",
                "{\"pid\": 4294967296}        | 0",
                "{\"pid\": 1.5}               | 0",
                "{\"pid\": \"12\"}            | 0",
                "{\"pid\": null}              | 0",
                "{}                           | 0",
                "[]                           | 0",
                "{\"pid\": 12                 | 0",
                "''                           | 0",
            })
    void pid_isTakenWhenItCanBeOne(String json, int pid) {
        assertThat(ContainerInfo.pid(json)).isEqualTo(pid);
    }

    @FuzzTest(maxDuration = "1m")
    void pid_ofAnyText_isNoneOrPositive(FuzzedDataProvider data) {
        assertThat(ContainerInfo.pid(data.consumeRemainingAsString())).isNotNegative();
    }
}
