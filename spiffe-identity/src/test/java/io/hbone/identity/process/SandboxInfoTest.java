package io.hbone.identity.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SandboxInfoTest {
    /** The shape of containerd 1.6 to 2: a process, and the file that CNI has pinned. */
    private static final String CONTAINERD = """
            {"pid":4711,"processStatus":"running","netNamespaceClosed":false,"image":"pause:3.8","runtimeHandler":"",
             "runtimeSpec":{"ociVersion":"1.0.2","linux":{"namespaces":[{"type":"pid"},{"type":"ipc"},
              {"type":"network","path":"/var/run/netns/cni-1f"}]}}}""";

    /** The shape of CRI-O, which runs no process for a sandbox as a rule. */
    private static final String CRI_O = """
            {"image":"pause:3.9","pid":0,"runtimeSpec":{"ociVersion":"1.1.0","annotations":{},
             "linux":{"namespaces":[{"type":"uts","path":"/var/run/utsns/a"},{"type":"network","path":"/var/run/netns/a"}]}}}""";

    @Test
    void answersOfBothRuntimes_haveTheNetwork() throws IOException {
        assertThat(SandboxInfo.network(CONTAINERD)).isEqualTo(new SandboxNetwork(4711, "/var/run/netns/cni-1f"));
        assertThat(SandboxInfo.network(CRI_O)).isEqualTo(new SandboxNetwork(0, "/var/run/netns/a"));
        assertThat(SandboxInfo.network("{\"pid\": 5}")).isEqualTo(new SandboxNetwork(5, ""));
    }

    /** A sandbox in the machine's network has none of its own. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"pid\": -1, \"runtimeSpec\": 7}",
                "{\"runtimeSpec\":{\"linux\":{\"namespaces\":[{\"type\":\"network\"}, 7]}}}",
                "{\"runtimeSpec\":{\"linux\":{\"namespaces\":[{\"type\":\"network\",\"path\":\"relative\"}]}}}",
            })
    void answerWithout_isToldOf(String json) {
        assertThatThrownBy(() -> SandboxInfo.network(json))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("neither a process nor a network namespace");
    }

    @Test
    void answerThatIsNoJson_isToldOf() {
        assertThatThrownBy(() -> SandboxInfo.network("pid: 5"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no JSON");
    }

    @FuzzTest(maxDuration = "1m")
    void network_ofAnyText_isOneOrIsToldOf(FuzzedDataProvider data) {
        try {
            SandboxNetwork network = SandboxInfo.network(data.consumeRemainingAsString());
            assertThat(network.pid() > 0 || network.path().startsWith("/")).isTrue();
        } catch (IOException e) {
            assertThat(e.getMessage()).contains("expected");
        }
    }
}
