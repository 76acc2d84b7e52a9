package io.hbone.identity.spire;

import io.grpc.Status;
import io.hbone.identity.UnixEndpoint;
import java.nio.file.Files;
import java.security.cert.CertificateException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a failed call to an agent means to an operator (spec/spire.md 1.7). Texts of agents are not contractual, so codes decide,
 * and texts merely make the advice better.
 *
 * @param endpoint the agent's socket
 * @param api what it is to serve, for operators
 * @param setting which setting of the agent says where that is
 */
record AgentSocket(UnixEndpoint endpoint, String api, String setting) {

    AgentFailure explain(Status status) {
        String said = status.getDescription() == null ? "" : status.getDescription();
        Throwable cause = status.getCause();
        return switch (status.getCode()) {
            case UNAVAILABLE -> unavailable(said, cause);
            case PERMISSION_DENIED -> denied(said);
            case UNIMPLEMENTED ->
                AgentFailure.configuration(
                        "socket " + endpoint + " does not serve the " + api + " (expected: the agent's " + setting
                                + ")",
                        null);
            case INVALID_ARGUMENT ->
                AgentFailure.configuration(
                        "the agent does not understand the request: " + Quoted.text(said)
                                + " (expected: an agent that serves the " + api + " in this version)",
                        null);
            case RESOURCE_EXHAUSTED ->
                AgentFailure.temporary(
                        "the agent's message is too large: " + Quoted.text(said)
                                + "; look for a subscription that matches very many entries",
                        null);
            case UNAUTHENTICATED ->
                AgentFailure.configuration("the agent does not know this process: " + Quoted.text(said), null);
            case OK ->
                // No agent does so while we stay.
                AgentFailure.temporary("the agent ended the stream (expected: it goes on)", null);
            default -> AgentFailure.temporary("the agent says " + status.getCode() + ": " + Quoted.text(said), cause);
        };
    }

    private AgentFailure unavailable(String said, @Nullable Throwable cause) {
        String text = said + " " + causes(cause);
        if (text.contains("Permission denied") || text.contains("EACCES")) {
            return AgentFailure.temporary(
                    "socket " + endpoint
                            + ": permission denied (expected: writable by this process; the agent gives it to its"
                            + " own user and group, so run this one as root or in that group)",
                    cause);
        }
        if (!Files.exists(endpoint.path())) {
            return AgentFailure.temporary(
                    "socket " + endpoint + " is not there (expected: the agent runs with " + setting + " set to it)",
                    cause);
        }
        if (text.contains("Connection refused")) {
            return AgentFailure.temporary(
                    "socket " + endpoint + ": nobody listens (expected: the agent; look whether it runs)", cause);
        }
        for (Throwable each = cause; each != null; each = each.getCause()) {
            if (each instanceof CertificateException refused) {
                // Only a Broker API is asked by TLS.
                return AgentFailure.temporary(
                        "who listens at " + endpoint + " is not believed to be the agent: "
                                + Quoted.text(String.valueOf(refused.getMessage())),
                        cause);
            }
        }
        if (cause == null && text.toLowerCase(Locale.ROOT).contains("attestation")) {
            return AgentFailure.temporary(
                    "the agent could not attest the process: " + Quoted.text(said) + "; look at the agent's log", null);
        }
        return AgentFailure.temporary(
                "no connection to the agent at " + endpoint + ": " + Quoted.text(said)
                        + "; an agent in a PID namespace of its own drops those whom it cannot see",
                cause);
    }

    private static AgentFailure denied(String said) {
        if (said.contains("authorized delegate")) {
            return AgentFailure.configuration(
                    "the agent does not accept this process as a delegate: " + Quoted.text(said)
                            + " (expected: its SPIFFE id in authorized_delegates in the agent's configuration)",
                    null);
        }
        if (said.contains("reference type")) {
            return AgentFailure.configuration(
                    "the agent does not accept this broker's references: " + Quoted.text(said)
                            + " (expected: the type in allowed_reference_types in the agent's configuration)",
                    null);
        }
        return AgentFailure.temporary(
                "the agent knows no identity of this process: " + Quoted.text(said)
                        + " (expected: a registration entry that matches this process and, for a delegate, whose id is"
                        + " in authorized_delegates in the agent's configuration)",
                null);
    }

    private static String causes(@Nullable Throwable cause) {
        StringBuilder text = new StringBuilder();
        for (Throwable each = cause; each != null && text.length() < 1_000; each = each.getCause()) {
            text.append(each.getMessage()).append(' ');
        }
        return text.toString();
    }
}
