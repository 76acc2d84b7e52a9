package io.hbone.enrollment;

import io.hbone.enrollment.rules.Redirection;

/**
 * How far a workload is.
 *
 * @param rules what was found or done in its network namespace; means something while {@code network} is {@link Network#PRESENT}
 * @param current whether what was announced says what is to be said now
 * @param delivered whether nodes had time to take the last announcement
 * @param drained whether the connections that went through the node were waited for
 */
record Progress(
        Network network,
        Rules rules,
        Announced announced,
        boolean current,
        Handed handed,
        boolean delivered,
        boolean drained) {
    static final Progress NEW =
            new Progress(Network.UNKNOWN, Rules.ABSENT, Announced.NOTHING, true, Handed.NO, true, false);

    /** Its network namespace. */
    enum Network {
        /** Not looked at, or not for a while. */
        UNKNOWN,
        PRESENT,
        GONE
    }

    /** What leads its traffic. */
    enum Rules {
        ABSENT,
        /** Only what connections need that go through the node: before traffic is led there, and after. */
        RELEASED,
        INSTALLED,
        /** Not as they should be. */
        STALE;

        static Rules of(Redirection.State found) {
            return switch (found) {
                case ABSENT -> ABSENT;
                case INSTALLED -> INSTALLED;
                case STALE -> STALE;
            };
        }
    }

    /** What the node has of it. */
    enum Handed {
        NO,
        /** It is wanted of the node, which has not confirmed it. */
        WAITING,
        /** A node has confirmed it. */
        SERVED
    }

    Progress network(Network value) {
        return new Progress(value, rules, announced, current, handed, delivered, drained);
    }

    Progress rules(Rules value) {
        return new Progress(network, value, announced, current, handed, delivered, drained);
    }

    /** Nodes have been told, and have not had time to take it. */
    Progress announced(Announced value) {
        return new Progress(network, rules, value, true, handed, false, drained);
    }

    /** What is to be announced has changed. */
    Progress outdated() {
        return new Progress(network, rules, announced, false, handed, delivered, drained);
    }

    Progress handed(Handed value) {
        return new Progress(network, rules, announced, current, value, delivered, drained);
    }

    Progress delivered(boolean value) {
        return new Progress(network, rules, announced, current, handed, value, drained);
    }

    Progress drained(boolean value) {
        return new Progress(network, rules, announced, current, handed, delivered, value);
    }
}
