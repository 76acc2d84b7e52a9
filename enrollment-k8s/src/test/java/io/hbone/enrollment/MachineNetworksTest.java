package io.hbone.enrollment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.zds.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineNetworksTest {
    @TempDir
    private Path folder;

    private MachineNetworks networks;
    private long containerPid = ProcessHandle.current().pid();

    @BeforeEach
    void open() throws IOException {
        networks = new MachineNetworks(reference -> {
            if (containerPid == 0) {
                throw new NetworkGoneException(reference + " does not run");
            }
            return List.of(
                    new NetworkReference.File(folder.resolve("out-of-sight")),
                    NetworkReference.Process.running(containerPid));
        });
    }

    private void refused(NetworkReference reference, Class<? extends Throwable> how, String why) {
        assertThatThrownBy(() -> {
                    try (NetworkNamespace opened = networks.open(reference)) {
                        throw new AssertionError(opened + " was opened");
                    }
                })
                .isInstanceOf(how)
                .hasMessageContaining(why);
    }

    @Test
    void networkOfTheMachine_isNobodys() {
        String why = "shares the machine's network";
        refused(NetworkReference.Process.running(ProcessHandle.current().pid()), IOException.class, why);
        refused(new NetworkReference.File(Path.of("/proc/self/ns/net")), IOException.class, why);
        refused(new NetworkReference.Container("c"), IOException.class, why);
    }

    @Test
    void whatIsNotThere_isGone() {
        refused(
                new NetworkReference.Named("no-such-name"),
                NetworkGoneException.class,
                "netns no-such-name is not there");
        refused(new NetworkReference.File(folder.resolve("x")), NetworkGoneException.class, "is not there");
        refused(
                new NetworkReference.Process(Integer.MAX_VALUE, null),
                NetworkGoneException.class,
                "does not run any more");
        containerPid = 0;
        refused(new NetworkReference.Pod("p"), NetworkGoneException.class, "pod p does not run");
    }

    @Test
    void processThatHasTheNumberOfAnother_isNotTakenForIt() {
        long own = ProcessHandle.current().pid();
        refused(new NetworkReference.Process(own, Instant.EPOCH), NetworkGoneException.class, "does not run any more");
    }

    @Test
    void fileThatIsNoNamespace_isRefused_andNotTakenForGone() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        refused(new NetworkReference.File(file), IOException.class, file + ": ");
        assertThatThrownBy(() -> networks.open(new NetworkReference.File(file)))
                .isNotInstanceOf(NetworkGoneException.class);
    }

    @Test
    void containers_withoutARuntime_areRefused_withWhatToLookAt() {
        assertThatThrownBy(() -> ContainerNetworks.NONE.find(new NetworkReference.Container("c")))
                .hasMessage("container c: no container runtime is configured (expected: its socket in the settings)");
        assertThat(new NetworkReference.Named("a")).hasToString("netns a");
    }
}
