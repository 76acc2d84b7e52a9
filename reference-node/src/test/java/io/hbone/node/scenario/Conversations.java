package io.hbone.node.scenario;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** Open connections of several pairs. */
final class Conversations implements AutoCloseable {
    private final Map<String, Conversation> open = new LinkedHashMap<>();

    /** Adds a connection for each family. */
    Conversations add(Workload from, Workload to) throws IOException {
        for (Family family : Family.values()) {
            open.put(from + " to " + to + " by " + family, from.connect(to, family));
        }
        return this;
    }

    /** Each exchanges a token. */
    void exchange() {
        open.forEach((pair, conversation) -> {
            try {
                conversation.exchange(Token.next());
            } catch (IOException e) {
                throw new AssertionError(pair + ": " + e.getMessage(), e);
            }
        });
    }

    @Override
    public void close() throws IOException {
        for (Conversation conversation : open.values()) {
            conversation.close();
        }
    }
}
