package io.hbone.node.scenario;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Open connections of several pairs. */
final class Conversations implements AutoCloseable {
    private final List<One> open = new ArrayList<>();

    private record One(String pair, Conversation conversation) {}

    /** Adds a connection for each family. */
    Conversations add(Workload from, Workload to) throws IOException {
        for (Family family : Family.values()) {
            open.add(new One(from + " to " + to + " by " + family, from.connect(to, family)));
        }
        return this;
    }

    /** Each exchanges a token. */
    void exchange() {
        for (One one : open) {
            try {
                one.conversation.exchange(Token.next());
            } catch (IOException e) {
                throw new AssertionError(one.pair + ": " + e.getMessage(), e);
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
