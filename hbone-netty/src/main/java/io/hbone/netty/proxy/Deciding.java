package io.hbone.netty.proxy;

import io.netty.channel.EventLoop;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Asks a router, which may be anybody's code. Whatever it does, who asked is told: a connection must not wait for ever. */
final class Deciding {
    private Deciding() {}

    /**
     * Calls {@code next} on {@code loop} with what is decided, at once when it is; with the failure when the router throws, or
     * has no answer.
     */
    static <T> void ask(
            EventLoop loop, Supplier<? extends CompletionStage<T>> router, BiConsumer<T, @Nullable Throwable> next) {
        CompletionStage<T> stage;
        try {
            stage = router.get();
        } catch (RuntimeException e) {
            tell(loop, null, e, next);
            return;
        }
        if (stage == null) {
            tell(loop, null, new IllegalStateException("no answer (expected: a stage of one)"), next);
            return;
        }
        stage.whenComplete((decided, failure) -> tell(loop, decided, failure, next));
    }

    @SuppressWarnings("NullAway") // there is a failure when nothing is decided
    private static <T> void tell(
            EventLoop loop, @Nullable T decided, @Nullable Throwable failure, BiConsumer<T, @Nullable Throwable> next) {
        Throwable why = decided == null && failure == null ? new IllegalStateException("decided nothing") : failure;
        if (loop.inEventLoop()) {
            next.accept(decided, why);
        } else {
            loop.execute(() -> next.accept(decided, why));
        }
    }
}
