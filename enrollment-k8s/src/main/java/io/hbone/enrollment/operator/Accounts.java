package io.hbone.enrollment.operator;

import java.util.Set;

/** Who is to have an identity. Answers from memory, for any thread. */
interface Accounts {
    /** The namespaces about which there may be something to do: all that are enrolled, and others. */
    Set<String> namespaces();

    /** Whether anybody in a namespace is in the mesh. */
    boolean isEnrolled(String namespace);

    /** The service accounts of a namespace that are to be registered; empty for one that is not there. */
    Set<String> of(String namespace);
}
