package io.hbone.enrollment;

import io.hbone.zds.NetworkNamespace;
import java.io.IOException;

/** Finds network namespaces. May block; called by any thread, by several at once. */
public interface NetworkLocator {
    /**
     * Opens the namespace that is meant now; the caller closes it.
     *
     * @throws NetworkGoneException when there is none
     * @throws IOException when that cannot be said, or it is one that no workload may have
     */
    NetworkNamespace open(NetworkReference reference) throws IOException;
}
