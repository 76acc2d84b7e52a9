package io.hbone.enrollment.directory;

import java.util.List;

/**
 * How a directory stands.
 *
 * @param synced whether it has told all that there is, at least once
 * @param live whether news come at this moment; when they do not, what is known stays
 * @param pods that are known, without those that have ended
 * @param kinds optional kinds of objects that the cluster has, as {@code plural.group}
 * @param problems of objects, in no order
 */
public record DirectoryStatus(
        boolean synced,
        boolean live,
        int pods,
        int services,
        int policies,
        List<String> kinds,
        List<Problem> problems) {

    /**
     * An object of which something is not done as it says.
     *
     * @param kind of the object
     * @param object {@code namespace/name}
     * @param reason "what it was (expected: what)", and what is done instead
     */
    public record Problem(String kind, String object, String reason) {
        /** {@code kind namespace/name: reason}. */
        @Override
        public String toString() {
            return kind + ' ' + object + ": " + reason;
        }
    }
}
