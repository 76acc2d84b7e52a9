package io.hbone.identity.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** With real processes that live for a moment. */
class HeldProcessTest {
    @Test
    void process_thatRuns_isAliveUntilItEnds() throws Exception {
        Process process = sleep();
        try (HeldProcess held = HeldProcess.open((int) process.pid())) {
            assertThat(held.isAlive()).isTrue();
            assertThat(HeldProcess.ended(List.of(held))).isEmpty();
            process.destroyForcibly().waitFor();
            assertThat(held.isAlive()).isFalse();
            assertThat(HeldProcess.ended(List.of(held))).containsExactly(held);
        }
    }

    @Test
    void several_areLookedAtTogether() throws Exception {
        Process one = sleep();
        Process two = sleep();
        try (HeldProcess first = HeldProcess.open((int) one.pid());
                HeldProcess second = HeldProcess.open((int) two.pid())) {
            two.destroyForcibly().waitFor();
            assertThat(HeldProcess.ended(List.of(first, second))).containsExactly(second);
        } finally {
            one.destroyForcibly();
        }
    }

    @Test
    void process_thatHasEnded_cannotBeHeld() throws Exception {
        Process process = sleep();
        process.destroyForcibly().waitFor();
        assertThatThrownBy(() -> HeldProcess.open((int) process.pid()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("has ended (expected: it runs)");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1})
    void noProcessId_isRefused(int pid) {
        assertThatThrownBy(() -> HeldProcess.open(pid)).hasMessageContaining("expected: a positive id");
    }

    @Test
    void closed_isNotAlive_andMayBeClosedAgain() throws Exception {
        HeldProcess held = HeldProcess.open((int) ProcessHandle.current().pid());
        assertThat(held.isAlive()).isTrue();
        held.close();
        held.close();
        assertThat(held.isAlive()).isFalse();
    }

    @Test
    void startTime_isReadBehindANameThatLooksLikeFields() throws Exception {
        String fields = " S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 2985984 100 18446744073709551615";
        assertThat(HeldProcess.startTime(7, "7 (sleep)" + fields)).isEqualTo(4711);
        assertThat(HeldProcess.startTime(7, "7 (a) R 9 (b)" + fields)).isEqualTo(4711);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "7", "7 (x) S 1", "7 (x) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 many 1"})
    void statThatIsNone_isRefused(String stat) {
        assertThatThrownBy(() -> HeldProcess.startTime(7, stat)).isInstanceOf(IOException.class);
    }

    @Test
    void zombie_hasEnded() {
        assertThatThrownBy(() -> HeldProcess.startTime(7, "7 (x) Z 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 1"))
                .hasMessageContaining("has ended");
    }

    private static Process sleep() throws IOException {
        return new ProcessBuilder("sleep", "3600").start();
    }
}
