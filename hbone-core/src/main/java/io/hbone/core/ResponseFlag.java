package io.hbone.core;

/**
 * Why a connection ended, in the letters that operators know from the access log and from the metric label {@code
 * response_flags} of ztunnel.
 */
public enum ResponseFlag {
    /** Ended without an error. */
    NONE("-"),
    /** Refused by an authorization policy. */
    DENY("DENY"),
    /** The destination could not be connected, or the peer answered CONNECT with an error status. */
    CONNECT("CONNECT"),
    /** The TLS handshake failed, or the peer was not who it had to be. */
    TLS_FAILURE("TLS_FAILURE"),
    /** HTTP/2 failed, at the start or later. */
    H2_HANDSHAKE_FAILURE("H2_HANDSHAKE_FAILURE"),
    /** The tunnel port did not answer: typically a NetworkPolicy that blocks it. */
    NETWORK_POLICY("NETWORK_POLICY"),
    /** No certificate could be had for the workload. */
    IDENTITY_ERROR("IDENTITY_ERROR"),
    /** The peer's certificate is revoked. */
    CERT_REVOKED("CERT_REVOKED");

    private final String text;

    ResponseFlag(String text) {
        this.text = text;
    }

    /** The flag as logs and metrics write it. */
    public String text() {
        return text;
    }
}
