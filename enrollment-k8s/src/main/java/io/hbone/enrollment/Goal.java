package io.hbone.enrollment;

/** What is wanted of a workload of this machine. */
enum Goal {
    /** Its traffic goes through the node. */
    ENROLLED,
    /** It is there, and its traffic goes its own way. */
    PLAIN,
    /** It is not there any more; nothing of ours is to be left. */
    LEFT
}
