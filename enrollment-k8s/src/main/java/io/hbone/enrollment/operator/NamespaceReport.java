package io.hbone.enrollment.operator;

import java.util.List;

/**
 * How the identities of a namespace stand, as an operator knows it.
 *
 * @param namespace its name
 * @param enrolled whether anybody of it is in the mesh
 * @param accounts how many service accounts are to be registered
 * @param registered how many of them are, by this operator
 * @param foreign how many are registered by somebody else, which is as good
 * @param problem why not all is as it should be; empty when it is
 */
public record NamespaceReport(
        String namespace, boolean enrolled, int accounts, int registered, int foreign, String problem) {
    /** From what is at hand: at most a few problems, for people. */
    static String problem(List<String> problems) {
        int more = problems.size() - 3;
        String first = String.join("; ", problems.subList(0, Math.min(3, problems.size())));
        return more > 0 ? first + "; and " + more + " more" : first;
    }
}
