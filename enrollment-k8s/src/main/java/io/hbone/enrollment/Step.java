package io.hbone.enrollment;

/** The next thing to do for a workload. */
enum Step {
    /** Look into its network namespace. */
    INSPECT,
    /** Tell nodes to forget it. */
    ANNOUNCE_NOTHING,
    /** Tell nodes who it is, and that it is reached without a tunnel. */
    ANNOUNCE_PLAIN,
    /** Tell nodes that it is reached by HBONE. */
    ANNOUNCE_TUNNEL,
    /** Wait until nodes have taken what they were told. */
    AWAIT_DELIVERY,
    /** Have answers find back to the node, before it can be reached. */
    PREPARE,
    /** Give its network namespace to the node. */
    HAND_OVER,
    /** Wait until the node has its listeners up. */
    AWAIT_NODE,
    /** Lead its traffic through the node. */
    REDIRECT,
    /** Lead new connections past the node again; those that go through it stay. */
    RELEASE,
    /** Wait until the connections through the node have ended, but not for ever. */
    DRAIN,
    /** Remove all rules. */
    REMOVE,
    /** Have the node give it up. */
    WITHDRAW,
    /** Wait until there is a network namespace again. */
    AWAIT_NETWORK,
    /** All is as wanted: look again later. */
    KEEP,
    /** All is undone: nothing more is known of it. */
    FORGET
}
