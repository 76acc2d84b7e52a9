package io.hbone.netty.h2;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * How much receive windows may grow beyond what they start with: what bounds the memory that stalled applications can hold.
 * A tunnel's budget draws on its process's.
 *
 * <p><b>Threading:</b> any thread.
 */
public final class WindowBudget {

    private final @Nullable WindowBudget parent;
    private final long limit;
    private final AtomicLong used = new AtomicLong();

    /** @param limit bytes, 0 or more */
    public WindowBudget(long limit) {
        this(limit, null);
    }

    private WindowBudget(long limit, @Nullable WindowBudget parent) {
        this.limit = limit;
        this.parent = parent;
    }

    /** A budget of {@code limit} bytes within this one. */
    WindowBudget child(long limit) {
        return new WindowBudget(limit, this);
    }

    /** Takes {@code bytes}, all or nothing. */
    boolean tryTake(long bytes) {
        if (used.addAndGet(bytes) > limit || (parent != null && !parent.tryTake(bytes))) {
            used.addAndGet(-bytes);
            return false;
        }
        return true;
    }

    void giveBack(long bytes) {
        used.addAndGet(-bytes);
        if (parent != null) {
            parent.giveBack(bytes);
        }
    }

    /** What is taken now, bytes. */
    public long used() {
        return used.get();
    }
}
