package io.hbone.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HboneTest {

    private final PrintStream realOut = System.out;
    private final PrintStream realErr = System.err;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @BeforeEach
    void capture() {
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void release() {
        System.setOut(realOut);
        System.setErr(realErr);
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @Test
    void noCommand_listsTheCommands() {
        assertThat(Hbone.execute()).isZero();

        assertThat(out()).contains("proxy").contains("version").contains("help").contains("generate-completion");
    }

    @Test
    void help_ofACommand_describesIt() {
        assertThat(Hbone.execute("help", "proxy")).isZero();

        assertThat(out()).contains("PROXY_WORKLOAD_INFO").contains("HBONE_DEV_CA_DIR");
    }

    @Test
    void version_isOneLine() {
        assertThat(Hbone.execute("version")).isZero();
        assertThat(out()).matches("hbone \\S+ \\(Java \\S+\\)\\R");
    }

    @Test
    void version_asAnOption_isTheSame() {
        assertThat(Hbone.execute("--version")).isZero();
        assertThat(out()).matches("hbone \\S+ \\(Java \\S+\\)\\R");
    }

    @Test
    void completion_isAShellScript() {
        assertThat(Hbone.execute("generate-completion")).isZero();

        assertThat(out()).contains("complete -F").contains("hbone").contains("proxy");
    }

    @Test
    void unknownCommand_isAnErrorWithTheUsage() {
        assertThat(Hbone.execute("42")).isEqualTo(1);

        assertThat(err()).startsWith("Unmatched argument at index 0: '42'").contains("Usage: hbone");
    }

    @Test
    void unknownCommand_likeOneThatThereIs_isAnErrorWithThatOne() {
        assertThat(Hbone.execute("operate")).isEqualTo(1);

        assertThat(err()).startsWith("Unmatched argument at index 0: 'operate'").contains("hbone operator");
    }

    @Test
    void unknownOption_ofACommand_isAnError() {
        assertThat(Hbone.execute("version", "--loud")).isEqualTo(1);

        assertThat(err()).contains("Unknown option: '--loud'");
    }

    /** The build sets none of the node's variables. */
    @Test
    void proxy_notConfigured_isOneSentence() {
        assertThat(Hbone.execute("proxy", "ztunnel")).isEqualTo(1);

        assertThat(err())
                .isEqualTo(
                        "hbone proxy: XDS_ADDRESS: not set (expected: the address of an xDS server, or LOCAL_XDS_PATH: a YAML"
                                + " file that says who is where)\n");
    }
}
