package io.hbone.zds;

/** What an agent asks of a node. */
sealed interface ZdsRequest {

    /** Serve it. The namespace is the receiver's to close. */
    record Add(ZdsWorkload workload, NetworkNamespace namespace) implements ZdsRequest {}

    /** It is still there, go on serving it; said in a snapshot in place of an Add when there is no file descriptor. */
    record Keep(String uid) implements ZdsRequest {}

    /** Stop serving it. */
    record Delete(String uid) implements ZdsRequest {}

    /** Whatever was not named since the connection began is gone. */
    record SnapshotSent() implements ZdsRequest {}
}
