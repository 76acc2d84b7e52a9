package io.hbone.xds.store;

/** Told what changed, after readers can see it: once for each batch that changed something, in their order. */
@FunctionalInterface
public interface StoreListener {
    /** On the thread that delivered the batch, which waits for it; must not call the store's mutators. */
    void changed(StoreChange change);
}
