package io.hbone.node.identity;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class IdentityCommandTest {
    private static final String SERVING = """
            [{"workload": "w1", "identity": "spiffe://td/ns/a/sa/b", "source": "pem", "serving": true, "serial": "0a",
              "notBefore": "2026-01-01T00:00:00Z", "notAfter": "2099-01-01T00:00:00Z", "trustDomains": ["td", "other"]}]""";

    private static final String FAILING = """
            [{"workload": "w1", "identity": "spiffe://td/ns/a/sa/b", "source": "istio-ca", "serving": false,
              "lastError": "the CA said no", "lastErrorAt": "2026-01-01T00:00:00Z", "trustDomains": []}]""";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final PrintStream systemOut = System.out;
    private final PrintStream systemErr = System.err;
    private HttpServer node;
    private volatile String answer = "[]";
    private volatile int status = 200;

    @BeforeEach
    void open() throws IOException {
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
        node = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        node.createContext("/identities", exchange -> {
            byte[] body = answer.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        node.start();
    }

    @AfterEach
    void close() {
        System.setOut(systemOut);
        System.setErr(systemErr);
        node.stop(0);
    }

    private int run(String... more) {
        String[] arguments = new String[more.length + 2];
        arguments[0] = "--admin";
        arguments[1] = "127.0.0.1:" + node.getAddress().getPort();
        System.arraycopy(more, 0, arguments, 2, more.length);
        return new CommandLine(new IdentityCommand()).execute(arguments);
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @Test
    void everyWorkloadServing_isShown() {
        answer = SERVING;
        assertThat(run()).isZero();
        assertThat(out())
                .contains("spiffe://td/ns/a/sa/b\n")
                .contains("workload       w1\n")
                .contains("source         pem\n")
                .contains("serial         0a\n")
                .containsPattern("valid until    2099-01-01T00:00:00Z \\(in \\d+h")
                .contains("trust domains  td, other\n")
                .doesNotContain("last error");
    }

    @Test
    void aWorkloadWithoutCertificate_isSaidAndIsTheExitCode() {
        answer = FAILING;
        assertThat(run()).isEqualTo(2);
        assertThat(out()).contains("HAS NO VALID CERTIFICATE").contains("last error     the CA said no");
    }

    @Test
    void noWorkloads_areNoSuccess() {
        assertThat(run()).isEqualTo(2);
        assertThat(out()).isEqualTo("no workloads\n");
    }

    @Test
    void json_isWhatTheNodeSaid() {
        answer = SERVING;
        assertThat(run("--json")).isZero();
        assertThat(out()).contains("\"serving\": true").contains("\"notAfter\": \"2099-01-01T00:00:00Z\"");
    }

    @ParameterizedTest
    @CsvSource({"200, not json: [, no JSON", "200, {}, no list", "404, [], HTTP status 404"})
    void whoIsNoNode_isNamed(int code, String body, String problem) {
        status = code;
        answer = body;
        assertThat(run()).isEqualTo(3);
        assertThat(err()).startsWith("hbone identity: http://127.0.0.1:").contains(problem, "expected:");
    }

    @Test
    void nobody_isSaid() {
        node.stop(0);
        assertThat(run()).isEqualTo(3);
        assertThat(err()).contains("Connection refused", "--admin names another");
    }

    @Test
    void aSocketThatIsNotThere_isSaid() {
        assertThat(new CommandLine(new IdentityCommand()).execute("--workload-api", "unix:///nowhere/api.sock"))
                .isEqualTo(3);
        assertThat(err()).startsWith("hbone identity: ").contains("/nowhere/api.sock");
    }
}
