package io.hbone.enrollment.testing;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * What all test classes of a run have in common, made when the first one asks for it. Made once: what fails for one would fail for
 * all. JUnit closes it at the very end, whatever happened.
 *
 * @param <T> what it is
 */
public final class Shared<T extends AutoCloseable> implements AutoCloseable {
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(Shared.class);

    private @Nullable T made;
    private @Nullable Throwable failure;

    private Shared(Callable<T> maker) {
        try {
            made = maker.call();
        } catch (Exception | Error e) {
            failure = e;
        }
    }

    /** The one of {@code type}. */
    @SuppressWarnings("unchecked") // one type, one kind
    public static <T extends AutoCloseable> Shared<T> of(ExtensionContext context, Class<T> type, Callable<T> maker) {
        return (Shared<T>) context.getRoot()
                .getStore(NAMESPACE)
                .getOrComputeIfAbsent(type, key -> new Shared<>(maker), Shared.class);
    }

    /** @throws AssertionError when it could not be made */
    public T get() {
        if (made == null) {
            throw new AssertionError(
                    "nothing to test on: " + (failure == null ? "closed" : failure.getMessage()), failure);
        }
        return made;
    }

    /** Null when it could not be made. */
    public @Nullable T orNull() {
        return made;
    }

    @Override
    public void close() throws Exception {
        if (made != null) {
            made.close();
        }
    }
}
