package io.hbone.identity.spire;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.hbone.identity.UnixEndpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each line of spec/spire.md 1.7. */
class AgentSocketTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "PERMISSION_DENIED  | no identity issued | false | knows no identity of this process",
                "PERMISSION_DENIED  | caller not configured as an authorized delegate | true | authorized_delegates",
                "PERMISSION_DENIED  | broker \"x\" is not allowed to use reference type \"y\" | true |"
                        + " allowed_reference_types",
                "INVALID_ARGUMENT   | must provide either selectors or non-zero PID | true | does not understand the"
                        + " request",
                "UNAVAILABLE        | workload attestation failed | false | could not attest the process",
                "UNAVAILABLE        | io exception | false | PID namespace",
                "INTERNAL           | could not serialize response | false | the agent says INTERNAL: \"could not"
                        + " serialize",
                "UNIMPLEMENTED      | unknown service | true | does not serve the Delegated Identity API (expected:"
                        + " the agent's admin_socket_path)",
                "RESOURCE_EXHAUSTED | gRPC message exceeds maximum size | false | the agent's message is too large",
                "UNAUTHENTICATED    | who are you | true | does not know this process",
                "OK                 | | false | the agent ended the stream",
            })
    void status_isExplained(Status.Code code, String said, boolean configuration, String text) throws IOException {
        AgentFailure failure = socket().explain(Status.fromCode(code).withDescription(said));
        assertThat(failure.message()).contains(text);
        assertThat(failure.configuration()).isEqualTo(configuration);
    }

    @ParameterizedTest
    @CsvSource({
        "connect(..) failed with error(-13): Permission denied, writable by this process",
        "connect(..) failed with error(-111): Connection refused, nobody listens",
    })
    void connectionThatFails_isExplained(String thrown, String text) throws IOException {
        Status status = Status.UNAVAILABLE.withDescription("io exception").withCause(new IOException(thrown));
        assertThat(socket().explain(status).message()).contains(text).contains("agent.sock");
    }

    @Test
    void textOfTheAgent_isQuoted() throws IOException {
        AgentFailure failure = socket().explain(Status.INTERNAL.withDescription("a\nb\u001b[31m" + "x".repeat(1_000)));
        assertThat(failure.message()).contains("\"a?b?[31mxxx").hasSizeLessThan(300);
    }

    private AgentSocket socket() throws IOException {
        Path path = folder.resolve("agent.sock");
        if (!Files.exists(path)) {
            Files.createFile(path);
        }
        return new AgentSocket(new UnixEndpoint(path), "Delegated Identity API", "admin_socket_path");
    }
}
