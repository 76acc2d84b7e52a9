package io.hbone.enrollment.directory;

import io.hbone.xds.Rejection;

/** Hears of what a directory does, for metrics. Called on its threads; must be quick. */
public interface DirectoryObserver {
    /** Nobody. */
    DirectoryObserver NONE = new DirectoryObserver() {};

    /**
     * Nodes were told of changes.
     *
     * @param changed resources that are new or others, or said again
     * @param removed resources that are not there any more
     * @param nanos how long it took to make them and to hand them over
     */
    default void told(int changed, int removed, long nanos) {}

    /** A resource was not taken; what was there under its name stays. */
    default void rejected(Rejection rejection) {}

    /** Of an object something is not done as it says, or it is all right again. */
    default void problem(DirectoryStatus.Problem problem, boolean solved) {}
}
