package io.hbone.core;

/**
 * The closed list of what can go wrong with a tunnelled connection. Each entry says how far the damage reaches, whose doing it
 * is, the {@link ResponseFlag} that operators see, and what to look at.
 */
public enum TunnelError {
    NO_ROUTE(
            ResponseFlag.CONNECT,
            Blast.STREAM,
            Blame.LOCAL,
            "no route to the destination: look at what the node knows of it (workloads, services, waypoints)"),
    DESTINATION_CONNECT_FAILED(
            ResponseFlag.CONNECT,
            Blast.STREAM,
            Blame.UPSTREAM,
            "the application did not accept the connection: look whether it listens on that address and port"),
    TUNNEL_CONNECT_FAILED(
            ResponseFlag.CONNECT,
            Blast.STREAM,
            Blame.UPSTREAM,
            "the peer's tunnel port refused: look whether a node serves HBONE for that workload"),
    TUNNEL_CONNECT_TIMEOUT(
            ResponseFlag.NETWORK_POLICY,
            Blast.STREAM,
            Blame.UPSTREAM,
            "connection timed out, maybe a NetworkPolicy is blocking HBONE port 15008"),
    TLS_HANDSHAKE_FAILED(
            ResponseFlag.TLS_FAILURE,
            Blast.CONNECTION,
            Blame.PEER,
            "the TLS handshake failed: look at both sides' certificates, trust bundles and clocks"),
    TLS_HANDSHAKE_TIMEOUT(
            ResponseFlag.TLS_FAILURE,
            Blast.CONNECTION,
            Blame.PEER,
            "the peer did not finish the TLS handshake in time: look whether the port really speaks HBONE"),
    PEER_IDENTITY_MISMATCH(
            ResponseFlag.TLS_FAILURE,
            Blast.CONNECTION,
            Blame.PEER,
            "the peer proved another identity than expected: look at stale addresses or a re-used pod IP"),
    PEER_CERTIFICATE_REVOKED(
            ResponseFlag.CERT_REVOKED, Blast.CONNECTION, Blame.PEER, "the peer's certificate is on a revocation list"),
    CERTIFICATE_UNAVAILABLE(
            ResponseFlag.IDENTITY_ERROR,
            Blast.STREAM,
            Blame.LOCAL,
            "no valid certificate for the workload: look at the identity source's last error"),
    PROTOCOL_ERROR(
            ResponseFlag.H2_HANDSHAKE_FAILURE,
            Blast.CONNECTION,
            Blame.PEER,
            "the peer broke HTTP/2: look at its version, or at what sits between"),
    FLOOD(
            ResponseFlag.H2_HANDSHAKE_FAILURE,
            Blast.CONNECTION,
            Blame.PEER,
            "the peer exceeded a limit set against abuse: look at its behaviour before raising the limit"),
    PEER_UNRESPONSIVE(
            ResponseFlag.CONNECT,
            Blast.CONNECTION,
            Blame.PEER,
            "the peer stopped answering PING: look whether its machine or network is gone"),
    TUNNEL_CLOSED(
            ResponseFlag.CONNECT,
            Blast.CONNECTION,
            Blame.PEER,
            "the tunnel was closed while streams were open: look at the peer's log at this time"),
    STREAM_REFUSED(
            ResponseFlag.CONNECT,
            Blast.STREAM,
            Blame.PEER,
            "the peer refused the stream before it did any work: it may be retried on another tunnel"),
    STREAM_RESET(
            ResponseFlag.CONNECT,
            Blast.STREAM,
            Blame.PEER,
            "the peer reset the stream: look at its log for this connection"),
    CONNECT_REJECTED(
            ResponseFlag.CONNECT,
            Blast.STREAM,
            Blame.PEER,
            "the peer answered CONNECT with an error status: 401 is its policy, 503 its application, 400 a wrong address"),
    REQUEST_TIMEOUT(
            ResponseFlag.CONNECT,
            Blast.STREAM,
            Blame.PEER,
            "no answer to CONNECT in time: look whether the application at the other end accepts connections"),
    IDLE_TIMEOUT(ResponseFlag.NONE, Blast.STREAM, Blame.LOCAL, "closed for having been idle longer than configured"),
    POLICY_DENIED(
            ResponseFlag.DENY,
            Blast.STREAM,
            Blame.LOCAL,
            "denied by an authorization policy: look at the policy it names"),
    BAD_REQUEST(ResponseFlag.CONNECT, Blast.STREAM, Blame.PEER, "the request was not a valid HBONE CONNECT"),
    DESTINATION_MISMATCH(
            ResponseFlag.CONNECT,
            Blast.STREAM,
            Blame.PEER,
            "the requested destination is not this workload: look at stale addresses at the peer"),
    RECURSIVE_CALL(
            ResponseFlag.CONNECT,
            Blast.STREAM,
            Blame.LOCAL,
            "the connection would lead back into the node itself: look at the redirect rules and the packet mark"),
    DRAINED(ResponseFlag.NONE, Blast.STREAM, Blame.LOCAL, "connection closed due to connection drain"),
    APPLICATION_IO(ResponseFlag.NONE, Blast.STREAM, Blame.LOCAL, "the application's socket failed"),
    INTERNAL(
            ResponseFlag.CONNECT,
            Blast.STREAM,
            Blame.LOCAL,
            "a defect in hbone-java: please report it with this message");

    /** How far the damage reaches. */
    public enum Blast {
        /** One application connection. */
        STREAM,
        /** One tunnel and every stream in it. */
        CONNECTION
    }

    /** Whose doing it is. */
    public enum Blame {
        /** This node or its configuration. */
        LOCAL,
        /** The other end of the tunnel. */
        PEER,
        /** What lies behind: the application or the network. */
        UPSTREAM
    }

    private final ResponseFlag flag;
    private final Blast blast;
    private final Blame blame;
    private final String hint;

    TunnelError(ResponseFlag flag, Blast blast, Blame blame, String hint) {
        this.flag = flag;
        this.blast = blast;
        this.blame = blame;
        this.hint = hint;
    }

    /** The flag that logs and metrics show. */
    public ResponseFlag flag() {
        return flag;
    }

    /** How far the damage reaches. */
    public Blast blast() {
        return blast;
    }

    /** Whose doing it is. */
    public Blame blame() {
        return blame;
    }

    /** One sentence that says what to look at. */
    public String hint() {
        return hint;
    }
}
