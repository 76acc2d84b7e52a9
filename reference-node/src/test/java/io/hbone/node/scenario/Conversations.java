package io.hbone.node.scenario;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Open connections of several pairs. */
final class Conversations implements AutoCloseable {
    private final List<One> open = new ArrayList<>();

    private record One(Workload from, Workload to, Family family, Conversation conversation) {
        /** What the kernels of both ends know of the connection with this port: its sockets, their neighbours, how it is tracked. */
        private static final String FACTS = """
                ss -Htanoie "( sport = :$0 or dport = :$0 )"
                ip neigh
                grep "port=$0 " /proc/net/nf_conntrack || true
                """;

        String facts() {
            StringBuilder facts = new StringBuilder();
            for (Workload end : List.of(from, to)) {
                String said = end.pod().bash(FACTS, conversation.port()).out();
                facts.append(" In ")
                        .append(end)
                        .append(": ")
                        .append(said.strip().replaceAll("\\s+", " "));
            }
            return facts.toString();
        }

        @Override
        public String toString() {
            return from + " to " + to + " by " + family;
        }
    }

    /** Adds a connection for each family. */
    Conversations add(Workload from, Workload to) throws IOException {
        for (Family family : Family.values()) {
            open.add(new One(from, to, family, from.connect(to, family)));
        }
        return this;
    }

    /** Each exchanges a token. */
    void exchange() {
        for (One one : open) {
            try {
                one.conversation.exchange(Token.next());
            } catch (IOException e) {
                throw new AssertionError(one + ": " + e.getMessage() + "." + one.facts(), e);
            }
        }
    }

    @Override
    public void close() throws IOException {
        for (One one : open) {
            one.conversation.close();
        }
    }
}
