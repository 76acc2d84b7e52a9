package io.hbone.enrollment.kubernetes;

import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.fabric8.kubernetes.client.http.Interceptor;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has a watch count as under way as soon as it is answered. Where no WebSocket gets through, as behind {@code kubectl proxy} and many
 * proxies, the client watches by a response that does not end, and takes it for begun with its first event only: an API server of
 * which there is nothing to tell would seem to be away.
 */
final class WatchAnswers implements Interceptor {
    private static final Logger logger = LoggerFactory.getLogger(WatchAnswers.class);

    /** @param consumer null for a WebSocket, which says itself that it is open */
    @Override
    public void after(
            HttpRequest request, HttpResponse<?> response, AsyncBody.@Nullable Consumer<List<ByteBuffer>> consumer) {
        String query = request.uri().getQuery();
        if (consumer == null
                || !response.isSuccessful()
                || query == null
                || !List.of(query.split("&", -1)).contains("watch=true")) {
            return;
        }
        try {
            consumer.consume(List.of(), new Nothing());
        } catch (Exception e) {
            logger.debug("a watch could not be told of its answer", e);
        }
    }

    /** What comes before the first event. */
    private static final class Nothing implements AsyncBody {
        @Override
        public void consume() {
            // The response is read on by whoever asked for it.
        }

        @Override
        public CompletableFuture<Void> done() {
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public void cancel() {
            // There is nothing to cancel.
        }
    }
}
