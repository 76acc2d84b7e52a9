package io.hbone.enrollment.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.enrollment.rules.Redirection.State;
import io.hbone.zds.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What happens when the system's tools cannot do what they are asked for: some of them are replaced by ones that fail. */
@Tag("peer")
class RedirectionFailureTest {
    private static final List<Path> SYSTEM = List.of(Path.of("/usr/sbin"), Path.of("/sbin"), Path.of("/usr/bin"));

    @TempDir
    private Path tools;

    private TestPod network;
    private NetworkNamespace pod;
    private String before;

    @BeforeEach
    void setUp() throws Exception {
        network = TestPod.create();
        pod = network.pod();
        before = network.everything();
    }

    @AfterEach
    void tearDown() throws Exception {
        if (network != null) {
            network.close();
        }
    }

    private Redirection redirection(Backend backend, List<String> prefix) {
        List<Path> folders = new ArrayList<>(List.of(tools));
        folders.addAll(SYSTEM);
        return new SystemRedirection(
                RedirectSettings.builder(Convention.CILIUM).backend(backend).build(), new Tools(folders, prefix));
    }

    private Redirection redirection(Backend backend) {
        return redirection(backend, List.of());
    }

    /** Replaces a tool. */
    private void tool(String name, String script) throws IOException {
        Path file = tools.resolve(name);
        Files.writeString(file, "#!/bin/sh\n" + script + '\n');
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static String real(String name) {
        return SYSTEM.stream()
                .map(folder -> folder.resolve(name))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow()
                .toString();
    }

    @ParameterizedTest
    @EnumSource(Backend.class)
    void withoutNetAdmin_theCapabilityIsNamed(Backend backend) {
        Redirection redirection =
                redirection(backend, List.of(real("setpriv"), "--bounding-set=-net_admin", "--inh-caps=-net_admin"));

        assertThatThrownBy(() -> redirection.install(pod))
                .isInstanceOf(RedirectException.class)
                .hasMessageContaining("CAP_NET_ADMIN")
                .hasMessageContaining(pod.toString());
    }

    /** Half a set is worse than none: IPv4 would be redirected, and IPv6 not. */
    @ParameterizedTest
    @EnumSource(
            value = Backend.class,
            names = {"IPTABLES_NFT", "IPTABLES_LEGACY"})
    void oneFamilyFails_nothingStays(Backend backend) throws Exception {
        tool(
                "ip6tables" + backend.toString().substring("iptables".length()) + "-restore",
                "echo 'no such extension' >&2; exit 2");

        assertThatThrownBy(() -> redirection(backend).install(pod))
                .isInstanceOf(RedirectException.class)
                .hasMessageContaining("no such extension");

        assertThat(redirection(backend).inspect(pod)).isEqualTo(State.ABSENT);
        assertThat(rules(network.everything())).isEqualTo(rules(before));
    }

    @Test
    void repairFails_whatCapturesStays() throws Exception {
        Redirection.of(RedirectSettings.builder(Convention.CILIUM)
                        .backend(Backend.IPTABLES_NFT)
                        .captureDns(true)
                        .build())
                .install(pod);
        tool("iptables-nft-restore", "echo 'resource busy' >&2; exit 4");
        Redirection redirection = redirection(Backend.IPTABLES_NFT);

        assertThatThrownBy(() -> redirection.install(pod)).hasMessageContaining("resource busy");

        assertThat(network.inPod("iptables-nft-save")).contains("REDIRECT --to-ports 15001");
        assertThat(redirection.inspect(pod)).isEqualTo(State.STALE);
    }

    /** A tool that says that all is well is not believed. */
    @ParameterizedTest
    @EnumSource(Backend.class)
    void rulesThatAreNotThereAfterwards_areFailure(Backend backend) throws Exception {
        for (String each : List.of("iptables-nft-restore", "iptables-legacy-restore")) {
            tool(each, "cat > /dev/null");
        }
        tool("nft", "test \"$1\" != -f || exec cat > /dev/null\nexec " + real("nft") + " \"$@\"");

        assertThatThrownBy(() -> redirection(backend).install(pod))
                .isInstanceOf(RedirectException.class)
                .hasMessageContaining("others than those that " + backend + " was given");

        assertThat(redirection(backend).inspect(pod)).isEqualTo(State.ABSENT);
    }

    @Test
    void namespaceWithoutIptables_getsWhatWorks() throws Exception {
        String missing = "echo \"can't initialize iptables table \\`nat': Table does not exist\" >&2; exit 3";
        tool("iptables-nft-restore", missing);

        redirection(null).install(pod);

        assertThat(network.inPod("iptables-legacy-save")).contains("CILIUM_OUTPUT");
        assertThat(redirection(null).inspect(pod)).isEqualTo(State.INSTALLED);
    }

    @Test
    void namespaceWithoutAnyRules_isFailureWithEveryReason() throws Exception {
        tool("iptables-nft-restore", "echo 'Table does not exist' >&2; exit 3");
        tool("iptables-legacy-restore", "echo 'do you need to insmod?' >&2; exit 3");
        tool(
                "nft",
                "test \"$1\" != -f || { echo 'Could not process rule' >&2; exit 1; }\nexec " + real("nft") + " \"$@\"");

        assertThatThrownBy(() -> redirection(null).install(pod))
                .isInstanceOf(RedirectException.class)
                .hasMessageContainingAll("Table does not exist", "do you need to insmod?", "Could not process rule");

        assertThat(redirection(null).inspect(pod)).isEqualTo(State.ABSENT);
    }

    /** GAP of the original, whose removal ends at the first failure (spec/cilium.md 3.4). */
    @Test
    void removal_oneStepFails_othersAreDone() throws Exception {
        redirection(Backend.IPTABLES_NFT).install(pod);
        tool("iptables-nft-restore", "echo 'resource busy' >&2; exit 4");

        assertThatThrownBy(() -> redirection(Backend.IPTABLES_NFT).remove(pod))
                .isInstanceOf(RedirectException.class)
                .hasMessageContaining("resource busy");

        assertThat(network.inPod("ip6tables-nft-save")).doesNotContain("CILIUM");
        assertThat(network.inPod("ip -4 rule") + network.inPod("ip -6 rule")).doesNotContain("0x111");
    }

    @Test
    void noTools_isSaid() {
        Redirection redirection = new SystemRedirection(RedirectSettings.DEFAULT, new Tools(List.of(tools), List.of()));

        assertThatThrownBy(() -> redirection.install(pod))
                .isInstanceOf(RedirectException.class)
                .hasMessageContaining("there is no")
                .hasMessageContaining(tools.toString());
    }

    /** As on systems with one kind only. */
    @Test
    void iptablesWithoutKindInItsName_isUsed() throws Exception {
        for (String each : List.of("nsenter", "ip")) {
            tool(each, "exec " + real(each) + " \"$@\"");
        }
        for (String each : List.of("iptables", "ip6tables")) {
            tool(each + "-restore", "exec " + real(each + "-legacy-restore") + " \"$@\"");
            tool(each + "-save", "exec " + real(each + "-legacy-save") + " \"$@\"");
        }
        Redirection redirection = new SystemRedirection(RedirectSettings.DEFAULT, new Tools(List.of(tools), List.of()));

        redirection.install(pod);

        assertThat(redirection.inspect(pod)).isEqualTo(State.INSTALLED);
        assertThat(network.inPod("iptables-legacy-save")).contains("CILIUM_OUTPUT");
    }

    @Test
    void closedNamespace_isFailure() throws Exception {
        NetworkNamespace closed = pod.duplicate();
        closed.close();

        assertThatThrownBy(() -> Redirection.of(RedirectSettings.DEFAULT).install(closed))
                .isInstanceOf(RedirectException.class)
                .hasMessageContaining(pod.toString());
    }

    /** Chains of iptables-legacy's own stay registered once it was used, without a rule. */
    private static Set<String> rules(String everything) {
        return everything
                .lines()
                .filter(line -> line.startsWith("-A") || line.contains("jump") || line.contains("0x111"))
                .collect(Collectors.toSet());
    }
}
